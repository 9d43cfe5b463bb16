package import Attempts

/// What has been seen since ``BearWitness``, or since this was asked last?
package struct Sightings: AgentRequest, Codable {
  package static let name = "sightings"
  package typealias Reply = Sighted

  package init() {}
}

/// What has been seen, each kind of packet once.
package struct Sighted: AgentMessage, Hashable, Codable {
  @BoundedList package private(set) var sightings: [Sighting]
  /// Whether more was there than is told: then what was not seen is not known to be missing.
  package let isCutShort: Bool

  package init(sightings: [Sighting], isCutShort: Bool) {
    self.sightings = sightings
    self.isCutShort = isCutShort
  }

  private enum CodingKeys: String, CodingKey {
    case sightings
    case isCutShort = "cut_short"
  }
}
