import Nftables
import NftablesNetlink
import Testing

/// Elements as the kernel counts them.
@Suite(.enabled(if: KernelTrait.isPossible, "this user may not make network namespaces"))
struct ElementStateTests {
  @Test(.namespace) func `an element has its key, its time and its counter, as far as it has them`() throws {
    _ = try nft(
      "-f", "-",
      input: """
        table inet t {
          set plain { type ipv4_addr; elements = { 10.0.0.1 } }
          set counted { type ipv4_addr; flags dynamic, timeout; timeout 1d; }
          set bare { type ipv4_addr . inet_proto; flags dynamic, timeout; timeout 1h; }
          chain c {
            ip saddr 10.0.0.9 update @counted { ip saddr counter }
          }
        }
        add element inet t counted { 10.0.0.2 counter packets 5 bytes 300 timeout 2h expires 1h }
        add element inet t bare { 10.0.0.3 . tcp expires 30m }
        """)
    let connection = try NftablesConnection()
    func states(_ set: SetName) throws -> [ElementState] {
      try connection.elementStates(of: set, family: .inet, table: "t")
    }
    #expect(
      try states("plain") == [ElementState(key: [10, 0, 0, 1], timeLeft: nil, counter: nil)])
    let counted = try #require(try states("counted").first)
    #expect(counted.key == [10, 0, 0, 2] && counted.timeout == 7_200_000)
    #expect(counted.counter == CounterValues(packets: 5, bytes: 300))
    #expect((1...3_600_000).contains(try #require(counted.timeLeft)))
    let bare = try #require(try states("bare").first)
    #expect(bare.key == [10, 0, 0, 3, 6, 0, 0, 0] && bare.timeout == nil && bare.counter == nil)
    #expect((1...1_800_000).contains(try #require(bare.timeLeft)))
    #expect(throws: ReadError.self) { try states("none") }
  }
}
