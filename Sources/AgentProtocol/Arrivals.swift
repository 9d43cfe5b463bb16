package import Attempts

/// What has arrived since ``Listen``? Ends the listening.
package struct Arrivals: AgentRequest, Codable {
  package static let name = "arrivals"
  package typealias Reply = Arrived

  package init() {}
}

/// What has arrived, by protocol, port or type, and peer.
package struct Arrived: AgentMessage, Hashable {
  package let arrivals: [Arrival]

  package init(arrivals: [Arrival]) { self.arrivals = arrivals }
}

extension Arrived: Codable {
  private enum Key: CodingKey {
    case arrivals
  }

  package init(from decoder: any Decoder) throws {
    arrivals = try decoder.container(keyedBy: Key.self).list(Arrival.self, .arrivals)
  }
}
