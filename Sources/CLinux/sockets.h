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
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <linux/errqueue.h>

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

// accept4(2), which hides behind _GNU_SOURCE: the new socket neither blocks nor is inherited by programs.
static inline int sekisho_accept(int descriptor, void *address, socklen_t *length) {
  return (int)syscall(SYS_accept4, descriptor, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

#endif
