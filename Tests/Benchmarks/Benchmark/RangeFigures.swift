import CBareNetlink
import Foundation
import Nftables
import NftablesNetlink
import RulesetDiff

/// What it costs to read one large set of ranges; in a network namespace of its own.
struct RangeFigures {
  private let rounds = 9
  private let ranges = 50_000

  func show() throws {
    section("The kernel: one set of \(text(Double(ranges))) ranges (median of \(rounds), taken in turns)")
    var (first, last): ([UInt8], [UInt8]) = ([], [])
    for number in 0..<UInt32(ranges) {
      withUnsafeBytes(of: (0x0a00_0000 | number * 8).bigEndian) { first += $0 }
      withUnsafeBytes(of: (0x0a00_0000 | number * 8 + 3).bigEndian) { last += $0 }
    }
    let set = NamedSet(
      name: "ranges.v4", key: [.ipv4Address], flags: .interval,
      elements: SetElements(keyLength: 4, keys: first, lastKeys: last))
    let wanted = Table(family: .inet, name: "sekisho", chains: [], sets: [set])
    let connection = try NftablesConnection()
    for step in TableDiff.change(from: nil, to: wanted).steps {
      _ = try connection.commit(step, expecting: nil)
    }
    // The kernel has an element where each range begins and one behind its end, and one ahead of the first.
    let count = 2 * ranges + 1
    var keys = [UInt32](repeating: 0, count: count)
    var (bare, ours): ([Double], [Double]) = ([], [])
    for _ in 0..<rounds {
      bare.append(
        seconds {
          let found = bare_dump(&keys, keys.count)
          if found != count { fail("bare_dump found \(found)") }
        })
      ours.append(
        try seconds {
          guard try connection.table(.inet, "sekisho")?.table == wanted else {
            fail("not the table that was sent")
          }
        })
    }
    Figure("read and decode \(text(Double(count - 1))) elements", median(ours) * 1000, "ms").show()
    Figure("  against the bare C dump", median(ours) / median(bare), "x", .atMost(1.2)).show()
    let result = bare_delete()
    if result != 0 { fail("bare_delete: \(String(cString: strerror(result)))") }
  }
}
