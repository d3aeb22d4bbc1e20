// SPDX-License-Identifier: GPL-2.0
/*
 * What the benchmark needs around xfw_wan: a program that makes each packet anew and tail-calls
 * the one under test, and the peers it is compared with. Never attached anywhere.
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

char LICENSE[] SEC("license") = "GPL";

enum {
	TEMPLATE = 80,
	ETHERNET = 14,
	HOP_LIMIT = ETHERNET + 7,
	SOURCE_LOW = ETHERNET + 20,
	DESTINATION_LOW = ETHERNET + 36
};

/* Set by the benchmark before each run. */
struct run {
	__u8 destination_mac[8];
	__u32 sources;	    /* the source's low 32 bits run through this many values; 0: fixed */
	__u32 destinations; /* likewise the destination's */
	__u32 destination_shift; /* each step of the destination is 1 << shift */
	__u32 position;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct run);
} run SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} under_test SEC(".maps");

/* Visits every index below @count in an order without neighbours, so that caches do not help. */
static __always_inline __u32 scatter(__u32 position, __u32 count)
{
	return (__u32)(((__u64)(position * 0x9e3779b1U) * count) >> 32);
}

SEC("xdp.frags")
int renew(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data;
	__u32 zero = 0, position;
	struct run *now = bpf_map_lookup_elem(&run, &zero);

	if (!now || data + TEMPLATE > (__u8 *)(long)ctx->data_end)
		return XDP_ABORTED;
	*(__u32 *)data = *(__u32 *)now->destination_mac;
	*(__u16 *)(data + 4) = *(__u16 *)(now->destination_mac + 4);
	data[HOP_LIMIT] = 64;
	position = now->position++;
	if (now->sources)
		*(__be32 *)(data + SOURCE_LOW) = bpf_htonl(scatter(position, now->sources));
	if (now->destinations)
		*(__be32 *)(data + DESTINATION_LOW) =
			bpf_htonl(scatter(position, now->destinations) << now->destination_shift);
	bpf_tail_call(ctx, &under_test, 0);
	return XDP_ABORTED;
}

SEC("xdp.frags")
int nothing(struct xdp_md *ctx)
{
	return ctx->rx_queue_index ? XDP_PASS : XDP_DROP;
}

/* ---- the forwarding floor: what any stateful router must do, and nothing more ---- */

struct floor_key {
	__u8 source[16];
	__u8 destination[16];
	__be16 ports[2];
	__u32 protocol;
};

struct floor_flow {
	__u8 macs[12];
	__u32 port;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1 << 21);
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
	key.ports[0] = tcp->source;
	key.ports[1] = tcp->dest;
	key.protocol = ip->nexthdr;
	flow = bpf_map_lookup_elem(&floor_flows, &key);
	if (!flow)
		return XDP_DROP;
	__builtin_memcpy(ethernet, flow->macs, 12);
	ip->hop_limit--;
	return bpf_redirect_map(&floor_devices, flow->port, XDP_DROP);
}
