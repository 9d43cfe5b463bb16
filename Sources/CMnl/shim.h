#pragma once

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <libmnl/libmnl.h>

/* Macros that Swift cannot see. */
static inline uint16_t sekisho_nfnl_batch_begin(void) { return NFNL_MSG_BATCH_BEGIN; }
static inline uint16_t sekisho_nfnl_batch_end(void) { return NFNL_MSG_BATCH_END; }

/* The symbolic name of an errno, such as "EPERM"; NULL when the C library has none. */
extern const char *strerrorname_np(int errnum);
