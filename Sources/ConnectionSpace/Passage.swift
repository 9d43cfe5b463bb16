/// Where a connection is judged; the first coordinate of a point.
public enum Passage: UInt8, Hashable, Comparable, Sendable, CaseIterable {
  /// At the host that is the destination.
  case ingress = 0
  /// At the host that is the source.
  case egress = 1
  /// At a gateway between them.
  case forward = 2
  /// From end to end: every judge on the way has agreed.
  case whole = 3

  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}
