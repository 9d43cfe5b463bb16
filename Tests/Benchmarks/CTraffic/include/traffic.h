#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * Sends UDP packets, one for each source, out of an interface as whole frames: a veth hands each to the
 * other end's network stack within the call that sends it, so the time is that of the receiver's rules.
 * Addresses and ports are in network order. Returns nanoseconds for a packet, or a negated errno.
 */
double traffic_send(
    const char *interface, const uint8_t other_end[6], uint32_t destination, uint16_t destination_port,
    const uint32_t *sources, const uint16_t *source_ports, size_t count);

/* Opens a UDP socket that holds little and is never read. Returns a descriptor, or a negated errno. */
int traffic_listen(uint32_t address, uint16_t port);

/* Waits for one packet and answers it. Returns 0 or a negated errno. */
int traffic_answer(int descriptor);
