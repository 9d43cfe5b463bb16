internal import Addressing
internal import AgentProtocol
internal import Diagnostics
internal import Policy

extension TripStatus {
  /// Who has tripped what, and what comes of it.
  ///
  /// - Parameter owners: the names of hosts by their addresses.
  func words(_ owners: [Address: String]) -> String {
    let who = owners[address].map { "\($0) (\(address))" } ?? "\(address)"
    let wire = tripwires.isEmpty ? "a tripwire" : "tripwire \(listed(tripwires))"
    let moments = "\(Timestamp(seconds: since))"
    return isCut
      ? "refuses \(who) until \(Timestamp(seconds: until)), who has tripped \(wire) at \(moments) (sekisho release ends it)"
      : "does not refuse \(who), who has tripped \(wire) at \(moments): it is only observed, or as many are refused as may be"
  }
}

extension [TripStatus] {
  /// In a few words; `nil`: nobody is refused.
  func note(_ owners: [Address: String]) -> String? {
    let names = filter(\.isCut).map { owners[$0.address] ?? "\($0.address)" }
    if names.isEmpty { return nil }
    let unique = names.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    return "has cut off \(listed(unique, limit: 3))"
  }
}
