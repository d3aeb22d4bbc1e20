// SPDX-License-Identifier: GPL-2.0
/*
 * The programs. Each is a door: it makes a struct packet of its hook's context, has it judged,
 * and says the verdict in its hook's words. The way through is in wan.h, lan.h and out.h.
 */
#include "wan.h"
#include "lan.h"
#include "out.h"
#include "learn.h"

char LICENSE[] SEC("license") = "GPL";

/*
 * Only frames in several buffers are longer than the first, and asking costs a call: not for an
 * IPv6 packet that ends in it.
 */
static __always_inline __u32 length_of_xdp(struct xdp_md *ctx)
{
	struct frame frame = frame_of_xdp(ctx);
	const struct ethhdr *ethernet = frame_at(&frame, 0, ETHERNET_HEADER + IPV6_HEADER);
	const struct ipv6hdr *ip = (const void *)(ethernet + 1);
	__u32 linear = ctx->data_end - ctx->data;

	if (ethernet && ethernet->h_proto == bpf_htons(ETHERTYPE_IPV6) &&
	    ETHERNET_HEADER + IPV6_HEADER + bpf_ntohs(ip->payload_len) <= linear)
		return linear;
	return bpf_xdp_get_buff_len(ctx);
}

static __always_inline struct packet packet_of_xdp(struct xdp_md *ctx)
{
	return (struct packet){
		.length = length_of_xdp(ctx),
		.linear = ctx->data_end - ctx->data,
		.ifindex = ctx->ingress_ifindex,
	};
}

static __always_inline struct packet packet_of_skb(struct __sk_buff *skb)
{
	/* Headers of what the stack made may lie beyond the linear part. */
	if ((void *)(long)skb->data + PULLED_HEADERS > (void *)(long)skb->data_end)
		bpf_skb_pull_data(skb, skb->len < PULLED_HEADERS ? skb->len : PULLED_HEADERS);
	return (struct packet){
		.length = skb->len,
		.ifindex = skb->ifindex,
	};
}

/* Has the interface the role of a WAN in the generation that judges? Its own stack: a call. */
__noinline bool is_wan(__u32 ifindex)
{
	struct packet probe = {.ifindex = ifindex, .dry = true};

	return generation_enter(&probe) == VERDICT_NEXT && probe.role == ROLE_WAN;
}

SEC("xdp.frags")
int xfw_wan(struct xdp_md *ctx)
{
	struct packet pkt = packet_of_xdp(ctx);

	return leave_xdp(ctx, &pkt, wan_judge(ctx, &pkt), ROLE_WAN);
}

SEC("xdp.frags")
int xfw_lan(struct xdp_md *ctx)
{
	struct packet pkt = packet_of_xdp(ctx);

	return leave_xdp(ctx, &pkt, lan_judge(&pkt, receive_from_lan(ctx, &pkt)), ROLE_LAN);
}

/*
 * The same on tc: it leaves large (GSO) packets whole, where generic XDP flattens them. And for
 * tunnels, whose packets have no Ethernet header that XDP could be given.
 */
SEC("tc")
int xfw_in(struct __sk_buff *skb)
{
	struct packet pkt = packet_of_skb(skb);

	return leave_tc(skb, &pkt, lan_judge(&pkt, receive_skb(skb, &pkt)), pkt.role);
}

SEC("tc")
int xfw_out(struct __sk_buff *skb)
{
	struct packet pkt = packet_of_skb(skb);

	out_record(skb, &pkt);
	return TC_GO_ON;
}

/* On each port of a LAN's bridge. */
SEC("tc")
int xfw_port(struct __sk_buff *skb)
{
	struct ethhdr *ethernet = (void *)(long)skb->data;

	if ((void *)(ethernet + 1) <= (void *)(long)skb->data_end)
		learn_port(ethernet->h_source, skb->ifindex);
	return TC_GO_ON;
}

/*
 * Never attached: user space runs it (BPF_PROG_TEST_RUN) to ask what the programs above would do
 * with a packet now. Their stations, their maps, and nothing changes.
 */
SEC("xdp.frags")
int xfw_explain(struct xdp_md *ctx)
{
	struct packet pkt = packet_of_xdp(ctx);
	enum verdict verdict;

	pkt.dry = true;
	if (is_wan(pkt.ifindex))
		verdict = wan_judge(ctx, &pkt);
	else
		verdict = lan_judge(&pkt, receive_from_lan(ctx, &pkt));
	explain_end(&pkt, verdict);
	return XDP_PASS;
}

/* User space asks for the present tick, so that it can say how long ago something was. */
struct clock_reading {
	__u32 tick;
};

SEC("syscall")
int xfw_clock(struct clock_reading *reading)
{
	reading->tick = clock_now();
	return 0;
}
