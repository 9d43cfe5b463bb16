#pragma once

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <libmnl/libmnl.h>

/* Macros that Swift cannot see. */
static inline uint16_t sekisho_nfnl_batch_begin(void) { return NFNL_MSG_BATCH_BEGIN; }
static inline uint16_t sekisho_nfnl_batch_end(void) { return NFNL_MSG_BATCH_END; }

/* Name and text of an errno, such as "EPERM"; NULL for a number the C library does not know. */
extern const char *strerrorname_np(int errnum);
extern const char *strerrordesc_np(int errnum);

static inline int sekisho_errno(void) { return errno; }
