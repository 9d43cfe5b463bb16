import AgentProtocol
import CBareNetlink
import Enforcement
import Foundation
import Nftables
import NftablesNetlink
import RulesetDiff

/// What it costs to send, change and list 100,000 elements; in a network namespace of its own.
struct KernelFigures {
  let place: String
  private let rounds = 9

  func show() throws {
    try show(LargeTable(services: 16, perService: 6250), "in 16 sets")
    try show(LargeTable(services: 1, perService: 100_000), "in one set")
  }

  private func show(_ large: LargeTable, _ name: String) throws {
    section("The kernel: \(text(Double(large.count))) elements \(name) (median of \(rounds), taken in turns)")
    let wanted = try large.table()
    try check(large, wanted)
    try sending(large, wanted)
    try listing(large, wanted)
    try oneElement(large)
  }

  /// Both ways of sending make the same table.
  private func check(_ large: LargeTable, _ wanted: Table) throws {
    try bareSend(large)
    let installed = try NftablesConnection().table(.inet, "sekisho")
    guard installed?.table.sets.map(\.elements) == wanted.sets.map(\.elements),
      installed?.table.chains == wanted.chains
    else { fail("the bare sender does not send the same table") }
    try delete()
  }

  // MARK: Sending

  private func sending(_ large: LargeTable, _ wanted: Table) throws {
    let file = "\(place)/large.nft"
    try Data(try wanted.fileText()).write(to: URL(fileURLWithPath: file))
    let host = LocalHost(runtimeDirectory: place)
    var (bare, ours, whole, nft): ([Double], [Double], [Double], [Double]) = ([], [], [], [])
    for _ in 0..<rounds {
      bare.append(try seconds { try bareSend(large) })
      try delete()
      ours.append(
        try seconds {
          let connection = try NftablesConnection()
          let change = TableDiff.change(from: nil, to: wanted)
          _ = try connection.commit(change, expecting: try connection.generation())
        })
      try delete()
      let start = now()
      _ = try host.apply(Apply(wanted, seen: nil, isLearning: false)) { _ in }
      whole.append(now() - start)
      try delete()
      nft.append(require(["nft", "-f", file]).seconds)
      try delete()
    }
    Figure("apply: the transaction", median(ours) * 1000, "ms").show()
    Figure("  against the bare C sender", median(ours) / median(bare), "x", .atMost(1.3)).show()
    Figure("  nft -f against it", median(nft) / median(ours), "x", .atLeast(3)).show()
    Figure("  with reading before and proof behind", median(whole) * 1000, "ms").show()
    Figure("  nft -f, which proves nothing, against that", median(nft) / median(whole), "x").show()
  }

  private func bareSend(_ large: LargeTable) throws {
    let result = bare_send(large.addresses, large.services, large.perService, large.size)
    if result != 0 { fail("bare_send: \(String(cString: strerror(result)))") }
  }

  private func delete() throws {
    let result = bare_delete()
    if result != 0 { fail("bare_delete: \(String(cString: strerror(result)))") }
  }

  // MARK: Listing

  private func listing(_ large: LargeTable, _ wanted: Table) throws {
    let connection = try NftablesConnection()
    _ = try connection.commit(TableDiff.change(from: nil, to: wanted), expecting: nil)
    var keys = [UInt32](repeating: 0, count: large.count + 100)
    var (bare, ours, nft): ([Double], [Double], [Double]) = ([], [], [])
    for _ in 0..<rounds {
      bare.append(
        seconds {
          let found = bare_dump(&keys, keys.count)
          if found != large.count + large.services { fail("bare_dump found \(found)") }
        })
      ours.append(
        try seconds {
          guard try connection.table(.inet, "sekisho")?.table.sets.count == large.services + 1 else {
            fail("the table is not what was sent")
          }
        })
      nft.append(require(["nft", "-j", "list", "ruleset"], output: "/dev/null").seconds)
    }
    Figure("dump and decode", median(ours) * 1000, "ms").show()
    Figure("  against the bare C dump", median(ours) / median(bare), "x", .atMost(1.5)).show()
    // In one set the kernel's own dump takes quadratic time, for everybody: the bare sender says how much.
    let target: Figure.Target = large.services > 1 ? .atLeast(6) : .none
    Figure("  nft -j list ruleset against it", median(nft) / median(ours), "x", target).show()
    Figure("  nft -j list ruleset against the bare C dump", median(nft) / median(bare), "x").show()
    try delete()
  }

  // MARK: One element

  /// Everything behind the dump: comparison, transaction, proof.
  private func oneElement(_ large: LargeTable) throws {
    let connection = try NftablesConnection()
    _ = try connection.commit(TableDiff.change(from: nil, to: try large.table()), expecting: nil)
    var (ours, nft, parts): ([Double], [Double], [[Double]]) = ([], [], [[], [], []])
    var more: [UInt32] = []
    for round in 0..<rounds {
      more.append((0x0b00_0000 | UInt32(2 * round)).bigEndian)
      let wanted = try large.table(adding: more)
      guard let installed = try connection.table(.inet, "sekisho") else { fail("the table is gone") }
      let start = now()
      let change = TableDiff.change(from: installed, to: wanted)
      let compared = now()
      let made = try connection.commit(change, expecting: installed.generation)
      let committed = now()
      try ChangeProof(change, of: wanted, generation: made).check(NetlinkKernel(over: connection))
      let end = now()
      guard change.operations.count == 1 else {
        fail("\(change.operations.count) operations for one element")
      }
      ours.append(end - start)
      for (index, part) in [compared - start, committed - compared, end - committed].enumerated() {
        parts[index].append(part)
      }
      let other = 2 * round + 1
      more.append((0x0b00_0000 | UInt32(other)).bigEndian)
      nft.append(
        require([
          "nft", "add", "element", "inet", "sekisho", "s\(large.services - 1).v4",
          "{ 11.0.0.\(other) }",
        ]).seconds)
    }
    Figure("one element more: comparison, transaction, proof", median(ours) * 1000, "ms", .atMost(5)).show()
    remark(
      zip(["comparison", "transaction", "proof"], parts)
        .map { "\($0) \(text(median($1) * 1000)) ms" }.joined(separator: ", "))
    Figure("  nft add element against it", median(nft) / median(ours), "x", .atLeast(10)).show()
    try delete()
  }
}
