// Whether tables of x_tables (iptables-legacy) decide anything.
#ifndef SEKISHO_XTABLES_LEGACY_H
#define SEKISHO_XTABLES_LEGACY_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// What the entry at an offset of a table does: its verdict, which is only read where it is of the standard target; 0, which is
// no verdict of an end, where there is none.
static inline int sekisho_legacy_verdict(const unsigned char *entries, uint32_t size, uint32_t offset, int family) {
  uint16_t target = 0;
  uint32_t field = family == AF_INET ? offsetof(struct ipt_entry, target_offset) : offsetof(struct ip6t_entry, target_offset);
  struct xt_standard_target standard;
  if (offset > size || size - offset < field + sizeof target) return 0;
  memcpy(&target, entries + offset + field, sizeof target);
  if (size - offset < (uint32_t)target + sizeof standard) return 0;
  memcpy(&standard, entries + offset + target, sizeof standard);
  return standard.target.u.user.name[0] == '\0' ? standard.verdict : 0;
}

// 1: a table has rules, or an end that does not accept; 0: neither; -1: it cannot be read.
// getsockopt(2) with IPT_SO_GET_INFO and IPT_SO_GET_ENTRIES; IPv6 has the same structures and numbers.
static inline int sekisho_legacy_table(const char *name, int family) {
  struct ipt_getinfo info;
  struct ipt_get_entries *entries = NULL;
  int level = family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6, result = -1, hooks = 0;
  int descriptor = socket(family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
  socklen_t length = sizeof info;
  if (descriptor < 0) return -1;
  memset(&info, 0, sizeof info);
  strncpy(info.name, name, sizeof info.name - 1);
  if (getsockopt(descriptor, level, IPT_SO_GET_INFO, &info, &length) != 0) goto end;
  for (int hook = 0; hook < NF_INET_NUMHOOKS; hook++) hooks += info.valid_hooks >> hook & 1;
  // Each chain has its end, and the table an entry that ends it.
  if (info.num_entries > (unsigned)hooks + 1) {
    result = 1;
    goto end;
  }
  length = sizeof *entries + info.size;
  entries = calloc(1, length);
  if (entries == NULL) goto end;
  memcpy(entries->name, info.name, sizeof entries->name);
  entries->size = info.size;
  if (getsockopt(descriptor, level, IPT_SO_GET_ENTRIES, entries, &length) != 0) goto end;
  result = 0;
  for (int hook = 0; hook < NF_INET_NUMHOOKS; hook++) {
    if (!(info.valid_hooks >> hook & 1)) continue;
    const unsigned char *start = (const unsigned char *)entries->entrytable;
    if (sekisho_legacy_verdict(start, info.size, info.underflow[hook], family) != -NF_ACCEPT - 1) result = 1;
  }
end:
  free(entries);
  close(descriptor);
  return result;
}

#endif
