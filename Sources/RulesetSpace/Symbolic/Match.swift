internal import ConnectionSpace

/// What a condition says of connections. A connection has many packets, which differ in what is not looked
/// at: for some of them the condition may hold and for others not.
struct Match {
  /// It holds for every packet.
  var sure: ConnectionSpace
  /// It holds for some packet, or may.
  var possible: ConnectionSpace

  private var isSure: Bool { sure == possible }

  func intersection(_ other: Match) throws(NotProven) -> Match {
    let possible = try possible.intersection(other.possible)
    // Mostly nothing is in doubt.
    if isSure, other.isSure { return Match(sure: possible, possible: possible) }
    return Match(sure: try sure.intersection(other.sure), possible: possible)
  }

  func complement(in all: ConnectionSpace) throws(NotProven) -> Match {
    let surely = try all.subtracting(possible)
    return isSure
      ? Match(sure: surely, possible: surely)
      : Match(sure: surely, possible: try all.subtracting(sure))
  }
}
