import ChildProcess
import Netlink
import Nftables
import NftablesNetlink
import Testing

/// What the kernel tells of transactions.
@Suite struct NoticeTests {
  /// What is received, in this order.
  private final class Told: Transport {
    let portID: UInt32 = 7
    private var waiting: [Result<[UInt8], NetlinkError>]

    init(_ waiting: [Result<[UInt8], NetlinkError>]) { self.waiting = waiting }

    func send(_ bytes: [UInt8]) throws(NetlinkError) {}

    func receive(into buffer: inout [UInt8], patience: Int32) throws(NetlinkError) -> Int? {
      if waiting.isEmpty { return nil }
      let bytes = try waiting.removeFirst().get()
      for (index, byte) in bytes.enumerated() { buffer[index] = byte }
      return bytes.count
    }
  }

  private func heard(_ waiting: Result<[UInt8], NetlinkError>...) throws -> [NftablesNotices.Notice] {
    let notices = NftablesNotices(over: Told(waiting))
    var heard: [NftablesNotices.Notice] = []
    while let notice = try notices.next() { heard.append(notice) }
    return heard
  }

  private func attribute(_ type: UInt8, _ payload: [UInt8]) -> [UInt8] {
    [UInt8(4 + payload.count), 0, type, 0] + payload
      + [UInt8](repeating: 0, count: (4 - payload.count % 4) % 4)
  }

  /// `nfgenmsg` of family inet, and attributes.
  private func message(_ kind: UInt16, _ attributes: [UInt8]...) -> [UInt8] {
    PlayedKernel.message(10 << 8 | kind, 0, 0, [1, 0, 0, 0] + attributes.flatMap { $0 })
  }

  private func rule(in table: String) -> [UInt8] { message(6, attribute(1, Array(table.utf8) + [0])) }

  private func end(_ generation: UInt8, _ program: [UInt8] = Array("nft".utf8)) -> [UInt8] {
    message(
      15, attribute(1, [0, 0, 0, generation]), attribute(2, [0, 0, 0, 12]), attribute(3, program + [0]))
  }

  private func notice(
    _ generation: UInt32, _ tables: [TableName], isWhole: Bool = true, _ program: String = "nft"
  ) -> NftablesNotices.Notice {
    .transaction(
      TransactionNotice(
        generation: generation, touched: Set(tables.map { .init(.inet, $0) }), isWhole: isWhole, process: 12,
        program: program))
  }

  @Test func `a transaction is told with its tables and who made it`() throws {
    #expect(
      try heard(.success(rule(in: "a") + rule(in: "b")), .success(rule(in: "a") + end(5)), .success(end(6)))
        == [notice(5, ["a", "b"]), notice(6, [])])
  }

  @Test func `a name is repaired where it is no text, and nothing of it is obeyed`() throws {
    let name: [UInt8] = [0x1b, 0x5b, 0x32, 0x4a, 0xff, 0x0a]
    #expect(try heard(.success(end(5, name))) == [notice(5, [], "\u{1b}[2J\u{fffd}\n")])
  }

  @Test func `what was lost is told ahead of what was not`() throws {
    #expect(
      try heard(
        .success(rule(in: "a")), .failure(.overrun), .success(end(5)), .success(rule(in: "b") + end(6)))
        == [.lost, notice(5, ["a"], isWhole: false), notice(6, ["b"])])
    // A number that is missing.
    #expect(
      try heard(.success(end(5)), .success(end(7))) == [notice(5, []), .lost, notice(7, [], isWhole: false)])
  }

  @Test(
    arguments: [
      [UInt8](repeating: 0xff, count: 16), [1], PlayedKernel.message(10 << 8 | 15, 0, 0, [1, 0, 0, 0]),
      PlayedKernel.message(10 << 8 | 15, 0, 0, [1, 0, 0, 0, 5, 0, 1, 0, 1]),
      PlayedKernel.message(10 << 8 | 6, 0, 0, [1, 0, 0, 0, 3, 0, 1, 0]),
    ])
  func `what is no message is a loss, not a crash`(bytes: [UInt8]) throws {
    #expect(try heard(.success(bytes)) == [.lost])
  }

  @Test func `what has nothing to do with nftables is passed over`() throws {
    #expect(try heard(.success(PlayedKernel.message(1 << 8, 0, 0, [0, 0, 0, 0])), .success([])) == [])
    #expect(try heard(.success(PlayedKernel.message(10 << 8, 0, 0, [0, 0]))) == [])
  }

  @Test func `a socket that fails is an error`() throws {
    let failure = NetlinkError.failed(.noMemory, doing: "receive from netlink", extended: nil)
    #expect(throws: failure) { try self.heard(.failure(failure)) }
  }

  private func all(_ notices: NftablesNotices) throws -> [NftablesNotices.Notice] {
    var heard: [NftablesNotices.Notice] = []
    while let notice = try notices.next() { heard.append(notice) }
    return heard
  }

  @Test(.namespace) func `the kernel tells who did what`() throws {
    let notices = try NftablesNotices()
    _ = try nft("add table ip nat")
    _ = try nft(
      "-f", "-", input: "add table inet a\nadd set inet a s { type mark; }\nadd element inet a s { 1 }")
    _ = try nft("flush ruleset")
    let heard = try all(notices)
    let transactions = heard.compactMap { if case .transaction(let notice) = $0 { notice } else { nil } }
    #expect(heard.count == 3 && transactions.count == 3)
    #expect(transactions.map(\.program) == ["nft", "nft", "nft"])
    #expect(transactions.allSatisfy { $0.process ?? 0 > 1 && $0.isWhole })
    let (ip, inet) = (TransactionNotice.Touched(.ipv4, "nat"), TransactionNotice.Touched(.inet, "a"))
    #expect(transactions.map(\.touched) == [[ip], [inet], [ip, inet]])
    #expect(zip(transactions, transactions.dropFirst()).allSatisfy { $1.generation == $0.generation + 1 })
  }

  @Test(.namespace) func `more than the queue holds is told as lost, and what comes behind is heard`() throws
  {
    let notices = try NftablesNotices(receiveQueue: 4096)
    for _ in 0..<4 {
      let many = (0..<4000).map(String.init).joined(separator: ", ")
      _ = try nft(
        "-f", "-",
        input: "add table inet a\nadd set inet a s { type mark; }\nadd element inet a s { \(many) }")
      #expect(try all(notices).contains(.lost))
      _ = try nft("delete table inet a")
      guard case .transaction(let last) = try all(notices).last else {
        Issue.record("nothing was heard")
        return
      }
      #expect(last.touched == [.init(.inet, "a")])
    }
  }
}
