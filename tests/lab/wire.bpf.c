// SPDX-License-Identifier: GPL-2.0
/*
 * On the far end of a veth that stands for a wire: a veth hands over what XDP_TX sends back only
 * to a peer that has a program of its own, which no NIC asks of the other end of its cable.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

SEC("xdp")
int wire(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_PASS;
}
