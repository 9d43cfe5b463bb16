import Addressing
import Attempts
import Testing

@Suite struct AttemptTests {
  @Test(
    arguments: [
      "tcp - 10.20.3.11 5432", "udp 10.20.1.11 10.20.3.11 53", "udp 2001:db8::1#546 ff02::1:2 547",
      "tcp -#999 10.0.0.1 22", "icmp - 10.0.0.1 8", "icmpv6 - fe80::1 128", "esp - 10.0.0.1 -",
      "99 - 2001:db8::1 -", "udp - 10.0.0.1 53 3000", "esp 10.0.0.1 10.0.0.2 - 8", "sctp - 10.0.0.1 132",
    ])
  func `an attempt prints as it was read`(text: String) throws {
    #expect(try #require(Attempt(parsing: text)).description == text)
  }

  @Test(
    arguments: [
      "", "tcp - 10.0.0.1", "tcp - 10.0.0.1 65536", "icmp - 10.0.0.1 256", "tcp 10.0.0.1# 10.0.0.2 1",
      "tcp #5 10.0.0.2 1", "quic - 10.0.0.1 443", "tcp - 010.0.0.1 1", "tcp 1.2.3 10.0.0.1 1",
      "tcp 10.0.0.1#1#2 10.0.0.2 1", "tcp - 10.0.0.1 80 81 82", "tcp - 10.0.0.1 80 70000",
      "tcp - 10.0.0.1 80 x",
    ])
  func `what is no attempt is not read`(text: String) { #expect(Attempt(parsing: text) == nil) }
}
