// SPDX-License-Identifier: GPL-2.0
/*
 * Captures are libpcap's to read; hex is short enough to read here.
 */
#include "capture.h"

#include <ctype.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

#include "../maps/layout.h"

/* What the kernel takes for a frame of several buffers is somewhat more. */
enum { FRAME_MAX = 32768 };

/* ---- files ---- */

static bool is_known(int link_type, bool *has_ethernet)
{
	*has_ethernet = link_type == DLT_EN10MB;
	return *has_ethernet || link_type == DLT_RAW || link_type == DLT_IPV4 ||
	       link_type == DLT_IPV6;
}

static int visit_all(pcap_t *file, unsigned int number, struct captured *captured,
		     capture_visit *visit, void *context, const char *path, struct fault *fault)
{
	struct pcap_pkthdr *header;
	int more, result;

	while ((more = pcap_next_ex(file, &header, &captured->bytes)) == 1) {
		captured->captured = header->caplen;
		captured->length = header->len < FRAME_MAX ? header->len : FRAME_MAX;
		captured->number++;
		if (number && number != captured->number)
			continue;
		result = visit(captured, context);
		if (result || number)
			return result;
	}
	if (more == PCAP_ERROR)
		return fault_set(fault, "%s: %s", path, pcap_geterr(file));
	if (number)
		return fault_set(fault, "%s has %u packets, and no number %u", path,
				 captured->number, number);
	return 0;
}

int capture_read(const char *path, unsigned int number, capture_visit *visit, void *context,
		 struct fault *fault)
{
	char why[PCAP_ERRBUF_SIZE];
	struct captured captured = {};
	pcap_t *file = pcap_open_offline(path, why);
	int result;

	if (!file) /* libpcap names the file only where it could not be opened */
		return strncmp(why, path, strlen(path))
			       ? fault_set(fault, "%s is no capture (pcap or pcapng): %s", path,
					   why)
			       : fault_set(fault, "%s", why);
	if (is_known(pcap_datalink(file), &captured.has_ethernet))
		result = visit_all(file, number, &captured, visit, context, path, fault);
	else
		result = fault_set(fault,
				   "%s holds frames of type %s; Ethernet frames and bare IP "
				   "packets can be asked about",
				   path, pcap_datalink_val_to_name(pcap_datalink(file)) ?: "?");
	pcap_close(file);
	return result;
}

/* ---- hex ---- */

static int digit_value(char digit)
{
	return isdigit((unsigned char)digit) ? digit - '0'
					     : tolower((unsigned char)digit) - 'a' + 10;
}

static const char *skip_between(const char *at)
{
	while (*at && (strchr(" \t\n:", *at) || !strncasecmp(at, "0x", 2)))
		at += isspace((unsigned char)*at) || *at == ':' ? 1 : 2;
	return at;
}

static int read_digits(const char *text, __u8 *bytes, size_t *length, struct fault *fault)
{
	*length = 0;
	for (const char *at = skip_between(text); *at; at = skip_between(at + 2)) {
		if (!isxdigit((unsigned char)at[0]) || !isxdigit((unsigned char)at[1]))
			return fault_set(fault, "'%.8s' in the hex is no byte (two digits each)",
					 at);
		if (*length == FRAME_MAX)
			return fault_set(fault, "the hex is longer than a frame of %d bytes",
					 FRAME_MAX);
		bytes[(*length)++] = digit_value(at[0]) << 4 | digit_value(at[1]);
	}
	return *length ? 0 : fault_set(fault, "the hex has no bytes");
}

static bool is_ip_packet(const __u8 *bytes, size_t length)
{
	if (length >= 40 && bytes[0] >> 4 == 6)
		return (bytes[4] << 8 | bytes[5]) + 40U == length;
	return length >= 20 && bytes[0] >> 4 == 4 && (bytes[2] << 8 | bytes[3]) == (int)length;
}

int capture_read_hex(const char *text, capture_visit *visit, void *context, struct fault *fault)
{
	__u8 *bytes = malloc(FRAME_MAX);
	struct captured captured = {.bytes = bytes, .number = 1};
	int result;

	if (!bytes)
		return fault_set(fault, "out of memory");
	result = read_digits(text, bytes, &captured.captured, fault);
	captured.length = captured.captured;
	captured.has_ethernet = !is_ip_packet(bytes, captured.captured);
	if (!result)
		result = visit(&captured, context);
	free(bytes);
	return result;
}
