#pragma once

#include <stdint.h>
/* Ahead of the kernel's headers, which then leave the definitions they share to the C library. */
#include <net/if.h>
#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netlink.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>

/*
 * Younger than the kernel headers of Debian 12; Linux 6.18 tells them in a dump: the name of the set's
 * implementation, and how many elements it holds.
 */
enum {
  SEKISHO_NFTA_SET_TYPE = 19,
  SEKISHO_NFTA_SET_COUNT = 20,
};

/* NFT_DATA_VERDICT does not fit the signed integer that an enumerator has in C. */
static inline uint32_t sekisho_nft_data_verdict(void) { return NFT_DATA_VERDICT; }
