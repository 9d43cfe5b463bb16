import AgentProtocol
import Enforcement
import Nftables
import NftablesNetlink
import RulesetDiff
import Testing

/// What counts as proof that a change was carried out.
@Suite(.enabled(if: KernelTrait.isPossible, "this user may not make network namespaces"))
struct ChangeProofTests {
  private func table(_ addresses: [UInt8], ports: [UInt8: Verdict] = [:]) -> Table {
    let keys = addresses.sorted()
    let chosen = ports.sorted { $0.key < $1.key }
    return Table(
      family: .inet, name: "t", chains: [Chain(name: "c", rules: []), Chain(name: "d", rules: [])],
      sets: [
        NamedSet(
          name: "app.v4", key: [.ipv4Address], size: 64,
          elements: SetElements(keyLength: 4, keys: keys.flatMap { [10, 0, 0, $0] })),
        NamedSet(
          name: "in", key: [.inetService], data: [.verdict], size: 64,
          elements: SetElements(
            keyLength: 2, keys: chosen.flatMap { [0, $0.key] }, payload: .verdicts(chosen.map(\.value)))),
      ])
  }

  /// Puts one table in the place of another.
  ///
  /// - Returns: the change, and the generation it made.
  private func replace(
    _ old: Table, _ new: Table, _ connection: NetlinkKernel
  ) throws -> (Change, UInt32) {
    let made = try connection.commit(
      TableDiff.change(from: nil, to: old), expecting: try connection.generation())
    let change = TableDiff.change(from: try connection.table(.inet, "t"), to: new)
    return (change, try connection.commit(change, expecting: made))
  }

  @Test(.namespace) func `elements that came and went are proof of the change`() throws {
    let connection = try NetlinkKernel()
    let wanted = table([1, 3, 4], ports: [22: .jump("d"), 80: .accept])
    let (change, made) = try replace(
      table([1, 2, 3], ports: [22: .jump("c"), 25: .accept]), wanted, connection)
    try ChangeProof(change, of: wanted, generation: made).check(connection)
  }

  @Test(.namespace) func `an element that was sent and is not there is no proof`() throws {
    let connection = try NetlinkKernel()
    let (_, made) = try replace(table([1]), table([1, 2]), connection)
    let wanted = table([1, 2, 3])
    let change = TableDiff.change(from: try connection.table(.inet, "t"), to: wanted)
    #expect(throws: AgentFailure.self) {
      try ChangeProof(change, of: wanted, generation: made).check(connection)
    }
  }

  @Test(.namespace) func `an element that was deleted and is still there is no proof`() throws {
    let connection = try NetlinkKernel()
    let (_, made) = try replace(table([1]), table([1, 2]), connection)
    let wanted = table([1])
    let change = TableDiff.change(from: try connection.table(.inet, "t"), to: wanted)
    #expect(throws: AgentFailure.self) {
      try ChangeProof(change, of: wanted, generation: made).check(connection)
    }
  }

  @Test(.namespace) func `a key that leads elsewhere than was sent is no proof`() throws {
    let connection = try NetlinkKernel()
    let (_, made) = try replace(
      table([], ports: [22: .accept]), table([], ports: [22: .jump("c")]), connection)
    let wanted = table([], ports: [22: .jump("d")])
    let change = TableDiff.change(from: try connection.table(.inet, "t"), to: wanted)
    #expect(throws: AgentFailure.self) {
      try ChangeProof(change, of: wanted, generation: made).check(connection)
    }
  }

  @Test(.namespace) func `what somebody else changes right after is found though other elements are right`()
    throws
  {
    let connection = try NetlinkKernel()
    let wanted = table([1, 2])
    let (change, made) = try replace(table([1]), wanted, connection)
    let other = Change(
      family: .inet, table: "t", operations: [.addRule("c", Rule([.counter]), .last)])
    _ = try connection.commit(other, expecting: made)
    let failure = #expect(throws: AgentFailure.self) {
      try ChangeProof(change, of: wanted, generation: made).check(connection)
    }
    #expect(failure?.code == .unproven)
    #expect(failure?.happened == .applied)
    #expect(failure?.message.contains("something else") == true)
  }

  /// Another change of another table moves the generation, and nothing of ours.
  @Test(.namespace) func `a change elsewhere does not spoil the proof`() throws {
    let connection = try NetlinkKernel()
    let wanted = table([1, 2])
    let (change, made) = try replace(table([1]), wanted, connection)
    _ = try connection.commit(
      Change(family: .inet, table: "other", operations: [.addTable(comment: nil)]), expecting: made)
    try ChangeProof(change, of: wanted, generation: made).check(connection)
  }
}
