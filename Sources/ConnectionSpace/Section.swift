public import Addressing

/// One slice of the space: where a connection is judged, its family and its IP protocol.
public struct Section: Hashable, Comparable, Sendable {
  public let passage: Passage
  public let family: AddressFamily
  public let ipProtocol: IPProtocol

  public init(_ passage: Passage, _ family: AddressFamily, _ ipProtocol: IPProtocol) {
    self.passage = passage
    self.family = family
    self.ipProtocol = ipProtocol
  }

  /// Sections are stored by number: passage, then family, then protocol.
  var index: Int {
    Int(passage.rawValue) << 9 | (family == .ipv4 ? 0 : 256) | Int(ipProtocol.rawValue)
  }

  /// The section of a number.
  init(index: Int) {
    let passages: [Passage] = [.ingress, .egress, .forward, .whole]
    self.init(
      passages[index >> 9], index & 256 == 0 ? .ipv4 : .ipv6,
      IPProtocol(rawValue: UInt8(truncatingIfNeeded: index)))
  }

  static let count = Passage.allCases.count << 9

  public static func < (a: Self, b: Self) -> Bool { a.index < b.index }
}
