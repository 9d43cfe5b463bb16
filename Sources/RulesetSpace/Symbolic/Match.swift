internal import ConnectionSpace

/// What a condition says of connections. A connection has many packets, which differ in what is not looked
/// at: for some of them the condition may hold and for others not.
struct Match {
  /// It holds for every packet.
  var sure: ConnectionSpace
  /// It holds for some packet, or may.
  var possible: ConnectionSpace

  func intersection(_ other: Match) throws(NotProven) -> Match {
    Match(
      sure: try sure.intersection(other.sure), possible: try possible.intersection(other.possible))
  }

  func complement(in all: ConnectionSpace) throws(NotProven) -> Match {
    Match(sure: try all.subtracting(possible), possible: try all.subtracting(sure))
  }
}
