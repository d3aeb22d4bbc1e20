/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Blocks are: type, length, body, options, length again; all padded to 4 bytes.
 */
#include "pcapng.h"

#include <errno.h>
#include <string.h>

enum {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 6,
	BYTE_ORDER_MAGIC = 0x1a2b3c4d,
	OPTION_END = 0,
	OPTION_COMMENT = 1,
	OPTION_INTERFACE_NAME = 2,
	OPTION_TIME_RESOLUTION = 9,
	LINK_ETHERNET = 1,
	LINK_RAW_IP = 101,
	COMMENT_MAX = 1024,
};

static size_t padded(size_t length)
{
	return (length + 3) & ~3UL;
}

static void put_padded(FILE *file, const void *bytes, size_t length)
{
	static const char zeros[4];

	fwrite(bytes, 1, length, file);
	fwrite(zeros, 1, padded(length) - length, file);
}

static size_t option_size(size_t length)
{
	return 4 + padded(length);
}

static void put_option(FILE *file, __u16 code, const void *value, __u16 length)
{
	fwrite(&code, sizeof(code), 1, file);
	fwrite(&length, sizeof(length), 1, file);
	put_padded(file, value, length);
}

static void put_begin(FILE *file, __u32 type, __u32 length, const void *body, size_t body_length)
{
	fwrite(&type, sizeof(type), 1, file);
	fwrite(&length, sizeof(length), 1, file);
	fwrite(body, 1, body_length, file);
}

/* Of the block, not of the file: a reader may follow a capture as it grows. */
static int put_end(FILE *file, __u32 length)
{
	fwrite(&length, sizeof(length), 1, file);
	return fflush(file) ? -errno : 0;
}

int pcapng_begin(FILE *file)
{
	const struct {
		__u32 magic;
		__u16 major, minor;
		__u32 length_unknown[2];
	} body = {BYTE_ORDER_MAGIC, 1, 0, {~0U, ~0U}};
	const __u32 length = 12 + sizeof(body);

	put_begin(file, BLOCK_SECTION, length, &body, sizeof(body));
	return put_end(file, length);
}

int pcapng_interface(FILE *file, const char *name, int ethernet)
{
	const struct {
		__u16 link, reserved;
		__u32 snapshot;
	} body = {ethernet ? LINK_ETHERNET : LINK_RAW_IP, 0, 0};
	const __u8 nanoseconds = 9;
	const __u32 length =
		12 + sizeof(body) + option_size(strlen(name)) + option_size(1) + option_size(0);

	put_begin(file, BLOCK_INTERFACE, length, &body, sizeof(body));
	put_option(file, OPTION_INTERFACE_NAME, name, strlen(name));
	put_option(file, OPTION_TIME_RESOLUTION, &nanoseconds, 1);
	put_option(file, OPTION_END, "", 0);
	return put_end(file, length);
}

int pcapng_packet(FILE *file, const struct pcapng_packet *packet)
{
	const struct {
		__u32 interface, time_high, time_low, captured, length;
	} body = {packet->interface, packet->time_ns >> 32, packet->time_ns, packet->captured,
		  packet->length};
	const size_t comment = strnlen(packet->comment, COMMENT_MAX);
	const __u32 length = 12 + sizeof(body) + padded(packet->captured) + option_size(comment) +
			     option_size(0);

	put_begin(file, BLOCK_PACKET, length, &body, sizeof(body));
	put_padded(file, packet->bytes, packet->captured);
	put_option(file, OPTION_COMMENT, packet->comment, comment);
	put_option(file, OPTION_END, "", 0);
	return put_end(file, length);
}
