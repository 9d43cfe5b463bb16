import Nftables
import NftablesNetlink
import RulesetDiff
import Testing

/// Long dumps are put in order another way than short ones.
@Suite(.enabled(if: KernelTrait.isPossible, "this user may not make network namespaces"))
struct LargeSetTests {
  @Test(.namespace, arguments: [511, 512, 3000])
  func `a set comes back as it was sent`(count: Int) throws {
    var (short, long, first, last): ([UInt8], [UInt8], [UInt8], [UInt8]) = ([], [], [], [])
    for number in 0..<count {
      let scattered = UInt32(truncatingIfNeeded: number) &* 0x9e37_79b1
      let bytes = (0..<4).map { UInt8(truncatingIfNeeded: scattered >> UInt32(24 - 8 * $0)) }
      short += bytes
      long += [0x20, 0x01, 0x0d, 0xb8] + bytes + [0, 0, 0, 0] + bytes
      // Every other range touches the one behind it.
      let start = UInt16(number * 8)
      let end = start + (number.isMultiple(of: 2) ? 7 : 3)
      first += [UInt8(start >> 8), UInt8(start & 0xff)]
      last += [UInt8(end >> 8), UInt8(end & 0xff)]
    }
    // Several run at once.
    let name = try TableName("t\(count)")
    let wanted = Table(
      family: .inet, name: name, chains: [],
      sets: [
        NamedSet(
          name: "v4", key: [.ipv4Address], size: 8192, elements: SetElements(keyLength: 4, keys: short)),
        NamedSet(
          name: "v6", key: [.ipv6Address], size: 8192, elements: SetElements(keyLength: 16, keys: long)),
        NamedSet(
          name: "ports", key: [.inetService], flags: .interval,
          elements: SetElements(keyLength: 2, keys: first, lastKeys: last)),
      ])
    let connection = try NftablesConnection()
    try connection.commit(TableDiff.change(from: nil, to: wanted), expecting: nil)
    #expect(try connection.table(.inet, name)?.table == wanted)
  }
}
