#include "bare_netlink.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <libmnl/libmnl.h>

#define TABLE "sekisho"

struct batch {
  char *start;
  size_t used;
  uint32_t sequence;
};

static struct nlmsghdr *begin(struct batch *batch, uint16_t type, uint16_t flags) {
  struct nlmsghdr *header = mnl_nlmsg_put_header(batch->start + batch->used);
  header->nlmsg_type = type;
  header->nlmsg_flags = NLM_F_REQUEST | flags;
  header->nlmsg_seq = batch->sequence++;
  struct nfgenmsg *family = mnl_nlmsg_put_extra_header(header, sizeof(*family));
  family->nfgen_family = NFPROTO_INET;
  family->version = NFNETLINK_V0;
  return header;
}

static void end(struct batch *batch, struct nlmsghdr *header) { batch->used += MNL_ALIGN(header->nlmsg_len); }

static struct nlmsghdr *object(struct batch *batch, int kind, uint16_t flags) {
  return begin(batch, NFNL_SUBSYS_NFTABLES << 8 | kind, flags);
}

static void mark(struct batch *batch, uint16_t type) {
  struct nlmsghdr *header = begin(batch, type, type == NFNL_MSG_BATCH_END ? NLM_F_ACK : 0);
  struct nfgenmsg *family = mnl_nlmsg_get_payload(header);
  family->nfgen_family = AF_UNSPEC;
  family->res_id = htons(NFNL_SUBSYS_NFTABLES);
  end(batch, header);
}

static void add_table(struct batch *batch) {
  struct nlmsghdr *header = object(batch, NFT_MSG_NEWTABLE, NLM_F_CREATE);
  mnl_attr_put_strz(header, NFTA_TABLE_NAME, TABLE);
  mnl_attr_put_u32(header, NFTA_TABLE_FLAGS, 0);
  end(batch, header);
}

static void add_chain(struct batch *batch, const char *name, int is_base) {
  struct nlmsghdr *header = object(batch, NFT_MSG_NEWCHAIN, NLM_F_CREATE);
  mnl_attr_put_strz(header, NFTA_CHAIN_TABLE, TABLE);
  mnl_attr_put_strz(header, NFTA_CHAIN_NAME, name);
  if (is_base) {
    struct nlattr *hook = mnl_attr_nest_start(header, NFTA_CHAIN_HOOK);
    mnl_attr_put_u32(header, NFTA_HOOK_HOOKNUM, htonl(NF_INET_LOCAL_IN));
    mnl_attr_put_u32(header, NFTA_HOOK_PRIORITY, htonl(0));
    mnl_attr_nest_end(header, hook);
    mnl_attr_put_u32(header, NFTA_CHAIN_POLICY, htonl(NF_ACCEPT));
    mnl_attr_put_strz(header, NFTA_CHAIN_TYPE, "filter");
  }
  end(batch, header);
}

static void add_set(
    struct batch *batch, const char *name, uint32_t type, uint32_t length, uint32_t size, int is_map,
    uint32_t id) {
  struct nlmsghdr *header = object(batch, NFT_MSG_NEWSET, NLM_F_CREATE | NLM_F_EXCL);
  mnl_attr_put_strz(header, NFTA_SET_TABLE, TABLE);
  mnl_attr_put_strz(header, NFTA_SET_NAME, name);
  mnl_attr_put_u32(header, NFTA_SET_FLAGS, htonl(is_map ? NFT_SET_MAP : 0));
  mnl_attr_put_u32(header, NFTA_SET_KEY_TYPE, htonl(type));
  mnl_attr_put_u32(header, NFTA_SET_KEY_LEN, htonl(length));
  if (is_map) {
    mnl_attr_put_u32(header, NFTA_SET_DATA_TYPE, htonl(NFT_DATA_VERDICT));
    mnl_attr_put_u32(header, NFTA_SET_DATA_LEN, 0);
  }
  mnl_attr_put_u32(header, NFTA_SET_ID, htonl(id));
  struct nlattr *description = mnl_attr_nest_start(header, NFTA_SET_DESC);
  mnl_attr_put_u32(header, NFTA_SET_DESC_SIZE, htonl(size));
  mnl_attr_nest_end(header, description);
  end(batch, header);
}

static struct nlmsghdr *elements(struct batch *batch, const char *set, uint32_t id, struct nlattr **list) {
  struct nlmsghdr *header = object(batch, NFT_MSG_NEWSETELEM, NLM_F_CREATE);
  mnl_attr_put_strz(header, NFTA_SET_ELEM_LIST_TABLE, TABLE);
  mnl_attr_put_strz(header, NFTA_SET_ELEM_LIST_SET, set);
  mnl_attr_put_u32(header, NFTA_SET_ELEM_LIST_SET_ID, htonl(id));
  *list = mnl_attr_nest_start(header, NFTA_SET_ELEM_LIST_ELEMENTS);
  return header;
}

static void put_key(struct nlmsghdr *header, const void *key, size_t length) {
  struct nlattr *nest = mnl_attr_nest_start(header, NFTA_SET_ELEM_KEY);
  mnl_attr_put(header, NFTA_DATA_VALUE, length, key);
  mnl_attr_nest_end(header, nest);
}

static void add_addresses(struct batch *batch, const char *set, uint32_t id, const uint32_t *keys, size_t count) {
  size_t index = 0;
  while (index < count) {
    struct nlattr *list;
    struct nlmsghdr *header = elements(batch, set, id, &list);
    /* A list holds 64 KiB. */
    size_t last = index + 3000 < count ? index + 3000 : count;
    for (; index < last; index++) {
      struct nlattr *element = mnl_attr_nest_start(header, NFTA_LIST_ELEM);
      put_key(header, &keys[index], 4);
      mnl_attr_nest_end(header, element);
    }
    mnl_attr_nest_end(header, list);
    end(batch, header);
  }
}

static void put_verdict(struct nlmsghdr *header, uint16_t type, int code, const char *chain) {
  struct nlattr *data = mnl_attr_nest_start(header, type);
  struct nlattr *verdict = mnl_attr_nest_start(header, NFTA_DATA_VERDICT);
  mnl_attr_put_u32(header, NFTA_VERDICT_CODE, htonl(code));
  if (chain) mnl_attr_put_strz(header, NFTA_VERDICT_CHAIN, chain);
  mnl_attr_nest_end(header, verdict);
  mnl_attr_nest_end(header, data);
}

struct expression {
  struct nlattr *element, *data;
};

static struct expression begin_expression(struct nlmsghdr *header, const char *name) {
  struct expression expression;
  expression.element = mnl_attr_nest_start(header, NFTA_LIST_ELEM);
  mnl_attr_put_strz(header, NFTA_EXPR_NAME, name);
  expression.data = mnl_attr_nest_start(header, NFTA_EXPR_DATA);
  return expression;
}

static void end_expression(struct nlmsghdr *header, struct expression expression) {
  mnl_attr_nest_end(header, expression.data);
  mnl_attr_nest_end(header, expression.element);
}

static void put_meta(struct nlmsghdr *header, uint32_t key, uint32_t into) {
  struct expression meta = begin_expression(header, "meta");
  mnl_attr_put_u32(header, NFTA_META_KEY, htonl(key));
  mnl_attr_put_u32(header, NFTA_META_DREG, htonl(into));
  end_expression(header, meta);
}

static void put_payload(struct nlmsghdr *header, uint32_t base, uint32_t offset, uint32_t length, uint32_t into) {
  struct expression payload = begin_expression(header, "payload");
  mnl_attr_put_u32(header, NFTA_PAYLOAD_DREG, htonl(into));
  mnl_attr_put_u32(header, NFTA_PAYLOAD_BASE, htonl(base));
  mnl_attr_put_u32(header, NFTA_PAYLOAD_OFFSET, htonl(offset));
  mnl_attr_put_u32(header, NFTA_PAYLOAD_LEN, htonl(length));
  end_expression(header, payload);
}

static void put_lookup(struct nlmsghdr *header, const char *set, uint32_t id, int is_map) {
  struct expression lookup = begin_expression(header, "lookup");
  mnl_attr_put_strz(header, NFTA_LOOKUP_SET, set);
  mnl_attr_put_u32(header, NFTA_LOOKUP_SET_ID, htonl(id));
  mnl_attr_put_u32(header, NFTA_LOOKUP_SREG, htonl(NFT_REG_1));
  if (is_map) mnl_attr_put_u32(header, NFTA_LOOKUP_DREG, htonl(NFT_REG_VERDICT));
  end_expression(header, lookup);
}

static struct nlmsghdr *begin_rule(struct batch *batch, const char *chain, struct nlattr **list) {
  struct nlmsghdr *header = object(batch, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
  mnl_attr_put_strz(header, NFTA_RULE_TABLE, TABLE);
  mnl_attr_put_strz(header, NFTA_RULE_CHAIN, chain);
  *list = mnl_attr_nest_start(header, NFTA_RULE_EXPRESSIONS);
  return header;
}

static void add_dispatch(struct batch *batch, uint32_t id) {
  struct nlattr *list;
  struct nlmsghdr *header = begin_rule(batch, "input", &list);
  put_meta(header, NFT_META_L4PROTO, NFT_REG_1);
  put_payload(header, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, NFT_REG32_01);
  put_lookup(header, "in", id, 1);
  mnl_attr_nest_end(header, list);
  end(batch, header);
}

static void add_acceptance(struct batch *batch, const char *chain, const char *set, uint32_t id) {
  struct nlattr *list;
  struct nlmsghdr *header = begin_rule(batch, chain, &list);
  put_meta(header, NFT_META_NFPROTO, NFT_REG_1);
  struct expression compare = begin_expression(header, "cmp");
  mnl_attr_put_u32(header, NFTA_CMP_SREG, htonl(NFT_REG_1));
  mnl_attr_put_u32(header, NFTA_CMP_OP, htonl(NFT_CMP_EQ));
  struct nlattr *data = mnl_attr_nest_start(header, NFTA_CMP_DATA);
  mnl_attr_put_u8(header, NFTA_DATA_VALUE, NFPROTO_IPV4);
  mnl_attr_nest_end(header, data);
  end_expression(header, compare);
  put_payload(header, NFT_PAYLOAD_NETWORK_HEADER, 12, 4, NFT_REG_1);
  put_lookup(header, set, id, 0);
  end_expression(header, begin_expression(header, "counter"));
  struct expression accept = begin_expression(header, "immediate");
  mnl_attr_put_u32(header, NFTA_IMMEDIATE_DREG, htonl(NFT_REG_VERDICT));
  put_verdict(header, NFTA_IMMEDIATE_DATA, NF_ACCEPT, NULL);
  end_expression(header, accept);
  mnl_attr_nest_end(header, list);
  end(batch, header);
}

/* Sends a batch and gathers what is answered while it is worked on. */
static int transact(struct batch *batch) {
  struct mnl_socket *sock = mnl_socket_open(NETLINK_NETFILTER);
  if (!sock || mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID) < 0) return errno;
  int descriptor = mnl_socket_get_fd(sock), size = (int)batch->used + 65536;
  setsockopt(descriptor, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
  int result = 0, answers = 0;
  if (mnl_socket_sendto(sock, batch->start, batch->used) < 0) result = errno;
  static char buffer[65536];
  ssize_t received;
  while (!result && (received = recv(descriptor, buffer, sizeof(buffer), MSG_DONTWAIT)) > 0) {
    const struct nlmsghdr *header = (void *)buffer;
    for (int left = received; mnl_nlmsg_ok(header, left); header = mnl_nlmsg_next(header, &left)) {
      answers++;
      if (header->nlmsg_type == NLMSG_ERROR) {
        const struct nlmsgerr *error = mnl_nlmsg_get_payload(header);
        if (error->error) result = -error->error;
      }
    }
  }
  mnl_socket_close(sock);
  return result ? result : answers ? 0 : EIO;
}

int bare_send(const uint32_t *addresses, size_t services, size_t per_service, uint32_t size) {
  struct batch batch = {malloc(services * (per_service * 24 + 4096) + 65536), 0, 1};
  char chain[32], set[32];
  mark(&batch, NFNL_MSG_BATCH_BEGIN);
  add_table(&batch);
  add_chain(&batch, "input", 1);
  for (size_t index = 0; index < services; index++) {
    snprintf(chain, sizeof(chain), "in.s%zu", index);
    add_chain(&batch, chain, 0);
  }
  add_set(&batch, "in", 12 << 6 | 13, 8, 64, 1, 1);
  struct nlattr *list;
  struct nlmsghdr *header = elements(&batch, "in", 1, &list);
  for (size_t index = 0; index < services; index++) {
    uint16_t port = 1000 + index;
    uint8_t key[8] = {IPPROTO_TCP, 0, 0, 0, port >> 8, port & 0xff, 0, 0};
    snprintf(chain, sizeof(chain), "in.s%zu", index);
    struct nlattr *element = mnl_attr_nest_start(header, NFTA_LIST_ELEM);
    put_key(header, key, sizeof(key));
    put_verdict(header, NFTA_SET_ELEM_DATA, NFT_JUMP, chain);
    mnl_attr_nest_end(header, element);
  }
  mnl_attr_nest_end(header, list);
  end(&batch, header);
  for (size_t index = 0; index < services; index++) {
    snprintf(set, sizeof(set), "s%zu.v4", index);
    add_set(&batch, set, 7, 4, size, 0, 2 + index);
    add_addresses(&batch, set, 2 + index, addresses + index * per_service, per_service);
  }
  add_dispatch(&batch, 1);
  for (size_t index = 0; index < services; index++) {
    snprintf(chain, sizeof(chain), "in.s%zu", index);
    snprintf(set, sizeof(set), "s%zu.v4", index);
    add_acceptance(&batch, chain, set, 2 + index);
  }
  mark(&batch, NFNL_MSG_BATCH_END);
  int result = transact(&batch);
  free(batch.start);
  return result;
}

int bare_delete(void) {
  struct batch batch = {malloc(4096), 0, 1};
  mark(&batch, NFNL_MSG_BATCH_BEGIN);
  struct nlmsghdr *header = object(&batch, NFT_MSG_DELTABLE, 0);
  mnl_attr_put_strz(header, NFTA_TABLE_NAME, TABLE);
  end(&batch, header);
  mark(&batch, NFNL_MSG_BATCH_END);
  int result = transact(&batch);
  free(batch.start);
  return result == ENOENT ? 0 : result;
}

struct listing {
  uint32_t *keys;
  size_t capacity, count;
  char sets[256][64];
  size_t set_count;
};

static int each(const struct nlmsghdr *header, void *context) {
  struct listing *listing = context;
  struct nlattr *attribute, *element, *field, *value;
  switch (header->nlmsg_type & 0xff) {
    case NFT_MSG_NEWSET:
      mnl_attr_for_each(attribute, header, sizeof(struct nfgenmsg)) {
        if (mnl_attr_get_type(attribute) == NFTA_SET_NAME && listing->set_count < 256)
          snprintf(listing->sets[listing->set_count++], 64, "%s", mnl_attr_get_str(attribute));
      }
      break;
    case NFT_MSG_NEWSETELEM:
      mnl_attr_for_each(attribute, header, sizeof(struct nfgenmsg)) {
        if (mnl_attr_get_type(attribute) != NFTA_SET_ELEM_LIST_ELEMENTS) continue;
        mnl_attr_for_each_nested(element, attribute) {
          mnl_attr_for_each_nested(field, element) {
            if (mnl_attr_get_type(field) != NFTA_SET_ELEM_KEY) continue;
            value = mnl_attr_get_payload(field);
            if (listing->count < listing->capacity)
              memcpy(&listing->keys[listing->count], mnl_attr_get_payload(value), 4);
            listing->count++;
          }
        }
      }
      break;
  }
  return MNL_CB_OK;
}

static int list(struct mnl_socket *sock, struct listing *listing, int kind, int attribute, const char *set) {
  static char buffer[65536];
  char request[512];
  struct batch batch = {request, 0, 7};
  struct nlmsghdr *header = object(&batch, kind, NLM_F_DUMP);
  if (attribute) mnl_attr_put_strz(header, attribute, TABLE);
  if (set) mnl_attr_put_strz(header, NFTA_SET_ELEM_LIST_SET, set);
  if (mnl_socket_sendto(sock, request, header->nlmsg_len) < 0) return -errno;
  while (1) {
    ssize_t received = mnl_socket_recvfrom(sock, buffer, sizeof(buffer));
    if (received < 0) return -errno;
    int next = mnl_cb_run(buffer, received, 7, mnl_socket_get_portid(sock), each, listing);
    if (next < 0) return -errno;
    if (next == MNL_CB_STOP) return 0;
  }
}

long bare_dump(uint32_t *keys, size_t capacity) {
  struct mnl_socket *sock = mnl_socket_open(NETLINK_NETFILTER);
  if (!sock || mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID) < 0) return -errno;
  struct listing *listing = calloc(1, sizeof(*listing));
  listing->keys = keys;
  listing->capacity = capacity;
  int result = list(sock, listing, NFT_MSG_GETCHAIN, 0, NULL);
  if (!result) result = list(sock, listing, NFT_MSG_GETSET, NFTA_SET_TABLE, NULL);
  for (size_t index = 0; !result && index < listing->set_count; index++)
    result = list(sock, listing, NFT_MSG_GETSETELEM, NFTA_SET_ELEM_LIST_TABLE, listing->sets[index]);
  if (!result) result = list(sock, listing, NFT_MSG_GETRULE, NFTA_RULE_TABLE, NULL);
  long count = result ? result : (long)listing->count;
  free(listing);
  mnl_socket_close(sock);
  return count;
}

struct sweep {
  struct mnl_socket *deleting;
  char *start;
  size_t used;
  int waiting;
  long count;
};

static void flush(struct sweep *sweep) {
  static char buffer[65536];
  if (!sweep->waiting || mnl_socket_sendto(sweep->deleting, sweep->start, sweep->used) < 0) return;
  while (sweep->waiting > 0) {
    ssize_t received = mnl_socket_recvfrom(sweep->deleting, buffer, sizeof(buffer));
    if (received < 0) return;
    int left = (int)received;
    for (struct nlmsghdr *header = (void *)buffer; mnl_nlmsg_ok(header, left); header = mnl_nlmsg_next(header, &left))
      sweep->waiting--;
  }
  sweep->used = 0;
}

static int each_entry(const struct nlmsghdr *entry, void *context) {
  struct sweep *sweep = context;
  const struct nfgenmsg *family = mnl_nlmsg_get_payload(entry);
  struct nlmsghdr *header = mnl_nlmsg_put_header(sweep->start + sweep->used);
  header->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE;
  header->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
  header->nlmsg_seq = 1;
  struct nfgenmsg *own = mnl_nlmsg_put_extra_header(header, sizeof(*own));
  own->nfgen_family = family->nfgen_family;
  own->version = NFNETLINK_V0;
  struct nlattr *attribute;
  mnl_attr_for_each(attribute, entry, sizeof(struct nfgenmsg)) {
    int type = mnl_attr_get_type(attribute);
    if (type != CTA_TUPLE_ORIG && type != CTA_ID) continue;
    memcpy(mnl_nlmsg_get_payload_tail(header), attribute, MNL_ALIGN(attribute->nla_len));
    header->nlmsg_len += MNL_ALIGN(attribute->nla_len);
  }
  sweep->used += MNL_ALIGN(header->nlmsg_len);
  sweep->count++;
  if (++sweep->waiting == 100) flush(sweep);
  return MNL_CB_OK;
}

long bare_sweep(void) {
  static char buffer[65536], requests[65536];
  struct sweep sweep = {mnl_socket_open(NETLINK_NETFILTER), requests, 0, 0, 0};
  struct mnl_socket *listing = mnl_socket_open(NETLINK_NETFILTER);
  if (!sweep.deleting || !listing || mnl_socket_bind(listing, 0, MNL_SOCKET_AUTOPID) < 0
      || mnl_socket_bind(sweep.deleting, 0, MNL_SOCKET_AUTOPID) < 0)
    return -errno;
  char request[64];
  struct nlmsghdr *header = mnl_nlmsg_put_header(request);
  header->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET;
  header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  header->nlmsg_seq = 1;
  mnl_nlmsg_put_extra_header(header, sizeof(struct nfgenmsg));
  if (mnl_socket_sendto(listing, request, header->nlmsg_len) < 0) return -errno;
  int next = MNL_CB_OK;
  while (next > MNL_CB_STOP) {
    ssize_t received = mnl_socket_recvfrom(listing, buffer, sizeof(buffer));
    if (received < 0) return -errno;
    next = mnl_cb_run(buffer, received, 1, mnl_socket_get_portid(listing), each_entry, &sweep);
    if (next < 0) return -errno;
  }
  flush(&sweep);
  mnl_socket_close(listing);
  mnl_socket_close(sweep.deleting);
  return sweep.count;
}
