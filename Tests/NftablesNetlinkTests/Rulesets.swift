/// Rulesets for nft(8), each a table `inet t`. Objects stand in order of name, in which we create them,
/// so that nft lists them alike.
enum Rulesets {
  static let sets = """
    table inet t {
      comment "the table"
      set cc { type ipv4_addr . inet_proto . inet_service; elements = { 10.0.0.1 . tcp . 443 }; }
      map ci { type inet_proto . inet_service : verdict; flags interval; elements = { tcp . 22-30 : accept, udp . 53 : drop }; }
      map da { type mark : ipv4_addr; elements = { 0x10 : 1.2.3.4 }; }
      map dm { type ipv4_addr : mark; elements = { 1.2.3.4 : 0x10 }; }
      set dyn { type ipv4_addr . inet_service; flags dynamic,timeout; timeout 60s; size 1000; }
      set empty { type ipv4_addr; flags interval; }
      set et { type ether_addr; elements = { 00:11:22:33:44:55 }; }
      set h4 { type ipv4_addr; size 128; comment "the set"; elements = { 10.0.0.1 comment "one", 10.0.0.2 }; }
      set h6 { type ipv6_addr; elements = { 2001:db8::1, ::1 }; }
      set i4 { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 192.168.0.1-192.168.0.5, 255.0.0.0/8 }; }
      set i6 { type ipv6_addr; flags interval; elements = { ::/8, 2001:db8::/32 }; }
      set ic { type icmp_type; elements = { echo-request, 13 }; }
      set ifn { type ifname; elements = { "eth0" }; }
      map iv { type inet_service : verdict; flags interval; elements = { 0-10 : accept, 11-20: jump c1, 60000-65535 : drop }; }
      set mark_hash { type mark; elements = { 5, 256 }; }
      set mk { type mark; flags interval; elements = { 5-10 }; }
      set st { type ct_state; elements = { established, related }; }
      set tm { type ipv4_addr; timeout 1h; elements = { 1.1.1.1 timeout 2h }; }
      map vm { type inet_proto . inet_service : verdict; elements = { tcp . 22 : jump c1, udp . 53 : accept }; }
      chain c1 { comment "the chain"; }
    }
    """

  static let rules = """
    table inet t {
      set dyn { type ipv4_addr . inet_service; flags dynamic,timeout; timeout 60s; size 1000; }
      set h4 { type ipv4_addr; }
      set i6 { type ipv6_addr; flags interval; }
      map vm { type inet_proto . inet_service : verdict; }
      chain in {
        type filter hook input priority filter; policy drop;
        iif "lo" accept
        ct state vmap { established : accept, related : accept, invalid : drop }
        tcp dport { 1-5, 6-9, 80 } accept
        tcp dport { 0-5, 60000-65535 } accept
        tcp dport != { 22, 80 } drop
        ip saddr . tcp dport { 1.2.3.4 . 80, 2.3.4.5 . 90-100 } accept
        ip6 saddr . tcp dport { 2001:db8::1 . 80 } accept
        tcp dport vmap { 22 : jump c1, 80-90 : goto c1, 100 : continue, 101 : return }
        ip6 saddr != @i6 drop
        meta l4proto . th dport vmap @vm
        update @dyn { ip saddr . tcp dport counter }
        add @dyn { ip saddr . tcp dport timeout 10s limit rate 5/second counter }
        delete @dyn { ip saddr . tcp dport }
        limit rate 5/minute burst 10 packets log prefix "denied: " level warn flags all
        limit rate over 10 mbytes/second drop
        log group 5 snaplen 100 queue-threshold 10
        reject with icmpx admin-prohibited
        meta l4proto tcp reject with tcp reset
        ip saddr 10.0.0.1 reject with icmp host-unreachable
        fib saddr . iif oif missing drop
        fib daddr type local accept
        meta mark set ct mark
        ct mark set 0x5
        meta mark set mark and 0xff or 0x10
        ip saddr 10.0.0.0/8 tcp dport 1-1024 accept
        ip saddr 10.0.0.0-10.0.0.9 tcp dport != 5-6 accept
        tcp flags & (fin|syn|rst|ack) == syn accept
        meta time > 1700000000 accept
        meta mark >= 5 meta mark set meta mark << 1 accept
        meta l4proto tcp ct original proto-dst 80 ct direction reply ct status dnat accept
        ct original ip saddr 10.0.0.1 accept
        ip6 hoplimit 255 icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
        iifname { "eth0", "lo" } oifname "veth*" accept
        meta mark { 1-5, 8 } counter
        meta skuid 0 counter return
        counter drop
      }
      chain fw { type filter hook forward priority 10; policy accept; }
      chain c1 { ip saddr @h4 counter accept comment "the rule"; }
    }
    """

  static let all = [sets, rules]
}
