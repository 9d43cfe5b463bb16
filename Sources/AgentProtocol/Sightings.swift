package import Addressing
package import Attempts

/// What has been seen since ``BearWitness``, or since this was asked last?
package struct Sightings: AgentRequest, Codable {
  package static let name = "sightings"
  package typealias Reply = Sighted

  package init() {}
}

/// What has been seen, each kind of packet once.
package struct Sighted: AgentMessage, Hashable {
  package let sightings: [Sighting]
  /// Whether more was there than is told: then what was not seen is not known to be missing.
  package let isCutShort: Bool
  /// Where what came by a link and did not leave again is to go, or its answer, to which there is no way from there.
  package let unreached: [Address]

  package init(sightings: [Sighting], isCutShort: Bool, unreached: [Address]) {
    self.sightings = sightings
    self.isCutShort = isCutShort
    self.unreached = unreached
  }
}

extension Sighted: Codable {
  private enum Key: String, CodingKey {
    case sightings
    case isCutShort = "cut_short"
    case unreached
  }

  /// An agent that does not look for ways says nothing of them.
  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    sightings = try fields.decode(BoundedList<Sighting>.self, forKey: .sightings).wrappedValue
    isCutShort = try fields.decode(Bool.self, forKey: .isCutShort)
    unreached = try fields.decodeIfPresent(BoundedList<Address>.self, forKey: .unreached)?.wrappedValue ?? []
  }

  package func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Key.self)
    try fields.encode(sightings, forKey: .sightings)
    try fields.encode(isCutShort, forKey: .isCutShort)
    if !unreached.isEmpty { try fields.encode(unreached, forKey: .unreached) }
  }
}
