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
  /// In a few words: who is refused, and who has tripped a tripwire and is not.
  func notes(_ owners: [Address: String]) -> [String] {
    func names(_ isMeant: (TripStatus) -> Bool) -> String? {
      let unique = filter(isMeant).reduce(into: [String]()) { names, one in
        let name = owners[one.address] ?? "\(one.address)"
        if !names.contains(name) { names.append(name) }
      }
      return unique.isEmpty ? nil : listed(unique, limit: 3)
    }
    return [
      names(\.isCut).map { "has cut off \($0)" },
      names { !$0.isCut }.map { "tripped by \($0), not cut off" },
    ].compactMap(\.self)
  }
}
