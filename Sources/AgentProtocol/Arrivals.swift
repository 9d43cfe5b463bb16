package import Attempts

/// What has arrived since ``Listen``? Ends the listening.
package struct Arrivals: AgentRequest, Codable {
  package static let name = "arrivals"
  package typealias Reply = Arrived

  package init() {}
}

/// What has arrived, by protocol, port or type, and peer.
package struct Arrived: AgentMessage, Hashable, Codable {
  @BoundedList package private(set) var arrivals: [Arrival]

  package init(arrivals: [Arrival]) { self.arrivals = arrivals }
}
