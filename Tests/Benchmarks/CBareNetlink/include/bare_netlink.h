#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * What Sekisho is compared to: the least code that sends or lists the same ruleset, with messages made
 * by hand on libmnl. No errors are told apart and nothing is proven.
 */

/*
 * Sends table "inet sekisho": a verdict map of TCP ports from 1000 on, and for each service a chain, its
 * rule and a set of IPv4 addresses (in network order) with a declared size. Returns 0 or an errno.
 */
int bare_send(const uint32_t *addresses, size_t services, size_t per_service, uint32_t size);

/* Lists the table's chains, sets, elements and rules. Returns how many elements there were, or -errno. */
long bare_dump(uint32_t *keys, size_t capacity);

/* Deletes the table if it is there. Returns 0 or an errno. */
int bare_delete(void);

/*
 * Deletes every entry of connection tracking by its own name: one listing, and deletes in batches of 100 whose answers are
 * awaited. Returns how many there were, or -errno.
 */
long bare_sweep(void);
