// Structures of iptables' extensions (linux/netfilter/xt_*.h): what nft_compat hands out unread.
#ifndef SEKISHO_XTABLES_SHIM_H
#define SEKISHO_XTABLES_SHIM_H

#include <stdint.h>
/* Ahead of the kernel's headers, which then leave the definitions they share to the C library. */
#include <net/if.h>
#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/xt_CT.h>
#include <linux/netfilter/xt_TPROXY.h>
#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_connmark.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_dscp.h>
#include <linux/netfilter/xt_iprange.h>
#include <linux/netfilter/xt_length.h>
#include <linux/netfilter/xt_mark.h>
#include <linux/netfilter/xt_multiport.h>
#include <linux/netfilter/xt_owner.h>
#include <linux/netfilter/xt_pkttype.h>
#include <linux/netfilter/xt_sctp.h>
#include <linux/netfilter/xt_state.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv4/ipt_REJECT.h>
#include <linux/netfilter_ipv4/ipt_ttl.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <linux/netfilter_ipv6/ip6t_REJECT.h>
#include <linux/netfilter_ipv6/ip6t_hl.h>

#include "legacy.h"

/* Macros that are computed, which Swift does not see. */
enum {
  SEKISHO_XT_CONNTRACK_STATE_SNAT = XT_CONNTRACK_STATE_SNAT,
  SEKISHO_XT_CONNTRACK_STATE_DNAT = XT_CONNTRACK_STATE_DNAT,
  SEKISHO_XT_CONNTRACK_STATE_UNTRACKED = XT_CONNTRACK_STATE_UNTRACKED,
  SEKISHO_XT_STATE_UNTRACKED = XT_STATE_UNTRACKED,
};

#endif
