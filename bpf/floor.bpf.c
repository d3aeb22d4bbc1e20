// SPDX-License-Identifier: GPL-2.0
/*
 * What measuring needs around xfw_wan, for `xfw bench` and for tests/bench: a program that makes
 * each packet anew and tail-calls the one under test, and the peers it is compared with. Never
 * attached anywhere.
 *
 * BPF_PROG_TEST_RUN runs one buffer again and again, as the program left it: without `renew`
 * the second run would see a routed frame. It writes back no more than routing changes, in the
 * sizes it will be read in, since a load that spans fresh stores waits for them as no packet from
 * a wire would. What `renew` costs is measured with `nothing` behind it and subtracted from all
 * alike.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

#include "maps/floor.h"
#include "maps/layout.h"

char LICENSE[] SEC("license") = "GPL";

enum { TC_ACT_GO_ON = -1, TC_ACT_DROP = 2 };

enum {
	ETHERNET = 14,
	IPV6_HOP_LIMIT = ETHERNET + 7,
	IPV6_SOURCE_LOW = ETHERNET + 20,
	IPV6_DESTINATION_LOW = ETHERNET + 36,
	IPV4_TTL = ETHERNET + 8,
	IPV4_CHECKSUM = ETHERNET + 10,
	IPV4_SOURCE = ETHERNET + 12,
	IPV4_DESTINATION = ETHERNET + 16,
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct floor_run);
} run SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} under_test SEC(".maps");

/* That of the instance under test, for packets that are to find nothing remembered. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct control);
} control SEC(".maps");

/* Visits every index below @count in an order without neighbours, so that caches do not help. */
static __always_inline __u32 scatter(__u32 position, __u32 count)
{
	return (__u32)(((__u64)(position * 0x9e3779b1U) * count) >> 32);
}

static __always_inline void renew_addresses(__u8 *source, __u8 *destination,
					    const struct floor_run *now)
{
	if (now->sources)
		*(__be32 *)source =
			bpf_htonl(now->source_base + scatter(now->position, now->sources));
	if (now->destinations)
		*(__be32 *)destination =
			bpf_htonl(now->destination_base + (scatter(now->position, now->destinations)
							   << now->destination_shift));
}

static __always_inline void renew_ipv4(__u8 *data, const struct floor_run *now)
{
	__u16 *halves = (__u16 *)(data + ETHERNET);
	__u32 sum = 0;

	data[IPV4_TTL] = now->hop_limit;
	renew_addresses(data + IPV4_SOURCE, data + IPV4_DESTINATION, now);
	*(__u16 *)(data + IPV4_CHECKSUM) = 0;
	for (int i = 0; i < 10; i++)
		sum += halves[i];
	sum = (sum & 0xffff) + (sum >> 16);
	*(__u16 *)(data + IPV4_CHECKSUM) = ~(sum + (sum >> 16));
}

static __always_inline void renew_ipv6(__u8 *data, const struct floor_run *now)
{
	data[IPV6_HOP_LIMIT] = now->hop_limit;
	renew_addresses(data + IPV6_SOURCE_LOW, data + IPV6_DESTINATION_LOW, now);
}

/*
 * The next generation of the same parity finds the same tables in its slot, and nothing that was
 * remembered under this one.
 */
static __always_inline void forget(void)
{
	__u32 zero = 0;
	struct control *judging = bpf_map_lookup_elem(&control, &zero);

	if (judging)
		judging->judging += 2;
}

SEC("xdp.frags")
int renew(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data;
	__u32 zero = 0;
	struct floor_run *now = bpf_map_lookup_elem(&run, &zero);

	if (!now || data + FLOOR_TEMPLATE > (__u8 *)(long)ctx->data_end)
		return XDP_ABORTED;
	*(__u32 *)data = *(__u32 *)now->destination_mac;
	*(__u16 *)(data + 4) = *(__u16 *)(now->destination_mac + 4);
	if (now->ipv4)
		renew_ipv4(data, now);
	else
		renew_ipv6(data, now);
	now->position++;
	if (now->fresh)
		forget();
	bpf_tail_call(ctx, &under_test, 0);
	return XDP_ABORTED;
}

SEC("xdp.frags")
int nothing(struct xdp_md *ctx)
{
	return ctx->rx_queue_index ? XDP_PASS : XDP_DROP;
}

/* The same on tc, whose runs cost something else. */
SEC("tc")
int nothing_tc(struct __sk_buff *skb)
{
	return skb->ifindex ? TC_ACT_GO_ON : TC_ACT_DROP;
}

/* ---- the forwarding floor: what any stateful router must do, and nothing more ---- */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, FLOOR_FLOWS_CAPACITY);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct floor_key);
	__type(value, struct floor_flow);
} floor_flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u32);
} floor_devices SEC(".maps");

/* Parse, one hash lookup, rewrite, redirect through a device map. */
SEC("xdp.frags")
int floor_forward(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data;
	struct ethhdr *ethernet = (void *)data;
	struct ipv6hdr *ip = (void *)(data + ETHERNET);
	struct tcphdr *tcp = (void *)(ip + 1);
	struct floor_key key = {};
	struct floor_flow *flow;

	if ((__u8 *)(tcp + 1) > (__u8 *)(long)ctx->data_end)
		return XDP_DROP;
	if (ethernet->h_proto != bpf_htons(0x86dd) || ip->nexthdr != 6 || ip->hop_limit <= 1)
		return XDP_DROP;
	__builtin_memcpy(key.source, &ip->saddr, 16);
	__builtin_memcpy(key.destination, &ip->daddr, 16);
	__builtin_memcpy(key.ports, tcp, sizeof(key.ports));
	key.protocol = ip->nexthdr;
	flow = bpf_map_lookup_elem(&floor_flows, &key);
	if (!flow)
		return XDP_DROP;
	__builtin_memcpy(ethernet, flow->macs, 12);
	ip->hop_limit--;
	return bpf_redirect_map(&floor_devices, flow->port, XDP_DROP);
}
