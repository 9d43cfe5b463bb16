import Netlink
import Nftables
import NftablesNetlink
import Testing

@Suite struct PlaybackTests {
  /// Three messages, 1 to 3 behind the begin; the end is 4.
  private let change = Change(
    family: .inet, table: "sekisho",
    operations: [
      .addTable(comment: nil), .deleteChain("c"),
      .addSet(NamedSet(name: "app.v4", key: [.ipv4Address], elements: .none(keyLength: 4))),
    ])

  private func commit(
    _ answers: [PlayedKernel.Answer], takesPlace: Bool, expecting generation: UInt32? = 1
  ) throws(CommitError) -> UInt32 {
    let kernel = PlayedKernel()
    kernel.batch = (answers, takesPlace)
    return try NftablesConnection(over: kernel).commit(change, expecting: generation)
  }

  @Test func `the end's acknowledgement is success, also without a new generation`() throws {
    #expect(try commit([.acknowledgement(3, 0), .acknowledgement(4, 0)], takesPlace: true) == 2)
    #expect(try commit([.acknowledgement(3, 0), .acknowledgement(4, 0)], takesPlace: false) == 1)
  }

  @Test func `a kernel that does not acknowledge the end must have moved the generation`() throws {
    #expect(try commit([.acknowledgement(3, 0)], takesPlace: true) == 2)
    #expect(throws: CommitError.discarded) { try commit([.acknowledgement(3, 0)], takesPlace: false) }
  }

  @Test func `one error among acknowledgements fails the whole and is named`() throws {
    let error = #expect(throws: CommitError.self) {
      try commit(
        [.acknowledgement(1, 0), .acknowledgement(2, 2), .acknowledgement(3, 0)], takesPlace: false)
    }
    #expect(error?.refusals?.count == 1)
    #expect(error?.refusals?.first?.object == "chain c in table inet sekisho")
    #expect(error?.refusals?.first?.code == .noEntry)
    #expect(
      error?.description
        == "the kernel refused the transaction, nothing was changed: chain c in table inet sekisho: "
        + "it does not exist, or something it refers to does not (ENOENT)")
  }

  @Test func `an error on the begin is about the batch`() throws {
    #expect(throws: CommitError.moved(expected: 1)) {
      try commit([.acknowledgement(0, 85)], takesPlace: false)
    }
    let denied = #expect(throws: CommitError.self) {
      try commit([.acknowledgement(0, 1)], takesPlace: false)
    }
    #expect(
      denied?.remedy == "run it as root, or with the capability CAP_NET_ADMIN in this network namespace")
    let full = #expect(throws: CommitError.self) {
      try commit([.acknowledgement(0, 12)], takesPlace: false)
    }
    #expect(full?.refusals?.first?.object == "transaction on table inet sekisho")
  }

  @Test func `silence is a failure`() throws {
    #expect(throws: CommitError.discarded) { try commit([], takesPlace: false) }
    #expect(throws: CommitError.discarded) { try commit([], takesPlace: true) }
  }

  @Test func `lost answers leave it open, unless an error was among those that came`() throws {
    #expect(throws: CommitError.uncertain) {
      try commit([.overrun, .acknowledgement(3, 0)], takesPlace: true)
    }
    let error = #expect(throws: CommitError.self) {
      try commit([.overrun, .acknowledgement(2, 16)], takesPlace: false)
    }
    #expect(error?.refusals?.first?.code == .busy)
  }

  @Test func `a set that the kernel would give another name is not sent`() throws {
    let kernel = PlayedKernel()
    let set = NamedSet(name: "a%d", key: [.mark], elements: .none(keyLength: 4))
    let change = Change(family: .inet, table: "t", operations: [.addSet(set)])
    #expect(throws: CommitError.unencodable(object: "set a%d in table inet t", .templateName)) {
      try NftablesConnection(over: kernel).commit(change, expecting: nil)
    }
    #expect(kernel.batches == 0)
  }

  @Test func `a ruleset that moved before the batch was sent is not touched`() throws {
    let kernel = PlayedKernel()
    kernel.generation = 5
    #expect(throws: CommitError.moved(expected: 4)) {
      try NftablesConnection(over: kernel).commit(change, expecting: 4)
    }
    #expect(kernel.batches == 0)
  }

  private static let table = PlayedKernel.Answer.message(
    type: PlayedKernel.newTable, flags: 2, payload: [1, 0, 0, 1, 6, 0, 1, 0, 0x74, 0, 0, 0])

  @Test func `an interrupted listing is begun again`() throws {
    let kernel = PlayedKernel()
    let torn = PlayedKernel.Answer.message(
      type: PlayedKernel.newTable, flags: 0x12, payload: [1, 0, 0, 1, 6, 0, 1, 0, 0x74, 0, 0, 0])
    kernel.dumps[PlayedKernel.getTable] = [
      [torn, .done], [.overrun, Self.table, .done], [Self.table, .done],
    ]
    #expect(try NftablesConnection(over: kernel).tables().map(\.name) == ["t"])
    kernel.dumps[PlayedKernel.getTable] = Array(repeating: [torn, .done], count: 100)
    #expect(throws: ReadError.unsettled(attempts: 12)) { try NftablesConnection(over: kernel).tables() }
  }

  @Test func `a table whose messages are of two generations is read again`() throws {
    let kernel = PlayedKernel()
    let stale = PlayedKernel.Answer.message(
      type: PlayedKernel.newTable, flags: 0, payload: [1, 0, 0, 9, 6, 0, 1, 0, 0x74, 0, 0, 0])
    kernel.dumps[PlayedKernel.getTable] = [
      [stale, .acknowledgement(0, 0)], [Self.table, .acknowledgement(0, 0)],
    ]
    let installed = try NftablesConnection(over: kernel).table(.inet, "t")
    #expect(installed?.generation == 1)
    #expect(kernel.dumps[PlayedKernel.getTable] == nil || kernel.dumps[PlayedKernel.getTable]?.count == 0)
  }

  @Test func `a chain that is told twice is no listing`() throws {
    let kernel = PlayedKernel()
    let chain = PlayedKernel.Answer.message(
      type: PlayedKernel.getChain - 1, flags: 0,
      payload: [1, 0, 0, 1, 6, 0, 1, 0, 0x74, 0, 0, 0, 6, 0, 3, 0, 0x63, 0, 0, 0])
    kernel.dumps[PlayedKernel.getTable] = Array(repeating: [Self.table, .acknowledgement(0, 0)], count: 2)
    kernel.dumps[PlayedKernel.getChain] = [[chain, chain, .done], [chain, .done]]
    #expect(try NftablesConnection(over: kernel).table(.inet, "t")?.table.chains.map(\.name) == ["c"])
    #expect(kernel.dumps[PlayedKernel.getChain]?.isEmpty == true)
  }

  @Test(
    arguments: [
      [UInt8](repeating: 0xff, count: 16), [1], [], PlayedKernel.message(2, 0, 1, [0, 0]),
      [16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ])
  func `an answer that is no message is an error, not a crash`(bytes: [UInt8]) throws {
    let kernel = PlayedKernel()
    kernel.dumps[PlayedKernel.getTable] = Array(repeating: [.bytes(bytes)], count: 20)
    #expect(throws: ReadError.self) { try NftablesConnection(over: kernel).tables() }
  }
}
