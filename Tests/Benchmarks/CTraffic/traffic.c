#define _GNU_SOURCE
#include "traffic.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <netpacket/packet.h>
#include <sys/socket.h>

#define AT_ONCE 64
#define DATA 18

struct frame {
  struct ether_header ethernet;
  struct iphdr ip;
  struct udphdr udp;
  uint8_t data[DATA];
} __attribute__((packed));

static uint16_t checksum(const void *header) {
  uint16_t words[10];
  uint32_t sum = 0;
  memcpy(words, header, sizeof(words));
  for (int index = 0; index < 10; index++) sum += words[index];
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return ~sum;
}

double traffic_send(
    const char *interface, const uint8_t other_end[6], uint32_t destination, uint16_t destination_port,
    const uint32_t *sources, const uint16_t *source_ports, size_t count) {
  int descriptor = socket(AF_PACKET, SOCK_RAW, 0);
  if (descriptor < 0) return -errno;
  struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = if_nametoindex(interface), .sll_halen = 6};
  memcpy(to.sll_addr, other_end, 6);
  static struct frame frames[AT_ONCE];
  static struct iovec parts[AT_ONCE];
  static struct mmsghdr messages[AT_ONCE];
  for (int index = 0; index < AT_ONCE; index++) {
    struct frame *frame = &frames[index];
    memcpy(frame->ethernet.ether_dhost, other_end, 6);
    frame->ethernet.ether_type = htons(ETHERTYPE_IP);
    frame->ip = (struct iphdr){
        .version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP, .daddr = destination,
        .tot_len = htons(sizeof(struct frame) - sizeof(struct ether_header))};
    frame->udp = (struct udphdr){.dest = destination_port, .len = htons(sizeof(struct udphdr) + DATA)};
    parts[index] = (struct iovec){frame, sizeof(*frame)};
    messages[index].msg_hdr = (struct msghdr){
        .msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &parts[index], .msg_iovlen = 1};
  }
  struct timespec start, end;
  clock_gettime(CLOCK_MONOTONIC, &start);
  for (size_t first = 0; first < count;) {
    int wanted = count - first < AT_ONCE ? count - first : AT_ONCE;
    for (int index = 0; index < wanted; index++) {
      struct frame *frame = &frames[index];
      frame->ip.saddr = sources[first + index];
      frame->ip.check = 0;
      frame->ip.check = checksum(&frame->ip);
      frame->udp.source = source_ports[first + index];
    }
    int sent = sendmmsg(descriptor, messages, wanted, 0);
    if (sent < 0) {
      if (errno == ENOBUFS || errno == EINTR) continue;
      double failure = -errno;
      close(descriptor);
      return failure;
    }
    first += sent;
  }
  clock_gettime(CLOCK_MONOTONIC, &end);
  close(descriptor);
  return ((end.tv_sec - start.tv_sec) * 1e9 + (end.tv_nsec - start.tv_nsec)) / count;
}

int traffic_listen(uint32_t address, uint16_t port) {
  int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), size = 65536;
  if (descriptor < 0) return -errno;
  setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
  struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = port, .sin_addr.s_addr = address};
  if (bind(descriptor, (struct sockaddr *)&own, sizeof(own)) < 0) return -errno;
  return descriptor;
}

int traffic_answer(int descriptor) {
  char data[64];
  struct sockaddr_in from;
  socklen_t length = sizeof(from);
  struct pollfd wait = {.fd = descriptor, .events = POLLIN};
  if (poll(&wait, 1, 2000) != 1) return -ETIMEDOUT;
  ssize_t size = recvfrom(descriptor, data, sizeof(data), 0, (struct sockaddr *)&from, &length);
  if (size < 0 || sendto(descriptor, data, size, 0, (struct sockaddr *)&from, length) < 0) return -errno;
  return 0;
}
