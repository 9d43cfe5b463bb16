// Messages with control data, and the error queue of the kernel.
#ifndef SEKISHO_LINUX_SOCKETS_H
#define SEKISHO_LINUX_SOCKETS_H

#include <netinet/in.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/errqueue.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>

// recvmsg(2) with one buffer; the lengths of the address and of the control data are set to what arrived.
static inline ssize_t sekisho_receive(
  int descriptor, void *address, socklen_t *address_length, void *data, size_t length, void *control,
  size_t *control_length, int flags) {
  struct iovec part = {.iov_base = data, .iov_len = length};
  struct msghdr message = {
    .msg_name = address, .msg_namelen = *address_length, .msg_iov = &part, .msg_iovlen = 1,
    .msg_control = control, .msg_controllen = *control_length};
  ssize_t count = recvmsg(descriptor, &message, flags);
  *address_length = count < 0 ? 0 : message.msg_namelen;
  *control_length = count < 0 ? 0 : message.msg_controllen;
  return count;
}

// sendmsg(2) with one buffer.
static inline ssize_t sekisho_send(
  int descriptor, const void *address, socklen_t address_length, const void *data, size_t length,
  const void *control, size_t control_length, int flags) {
  struct iovec part = {.iov_base = (void *)data, .iov_len = length};
  struct msghdr message = {
    .msg_name = (void *)address, .msg_namelen = address_length, .msg_iov = &part, .msg_iovlen = 1,
    .msg_control = (void *)control, .msg_controllen = control_length};
  return sendmsg(descriptor, &message, flags);
}

// socket(7), SO_ATTACH_FILTER: what the program does not accept never gets to the socket.
static inline int sekisho_attach_filter(int descriptor, struct sock_filter *program, unsigned short count) {
  struct sock_fprog filter = {.len = count, .filter = program};
  return setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter);
}

// socket(7), SO_MEMINFO: packets that found the socket's buffer full; -1 where the kernel does not say.
static inline long sekisho_drops(int descriptor) {
  uint32_t counts[SK_MEMINFO_VARS] = {0};
  socklen_t length = sizeof counts;
  if (getsockopt(descriptor, SOL_SOCKET, SO_MEMINFO, counts, &length) != 0) return -1;
  return length > SK_MEMINFO_DROPS * sizeof counts[0] ? (long)counts[SK_MEMINFO_DROPS] : -1;
}

#endif
