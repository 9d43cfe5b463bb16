package import Attempts

/// Looks for packets of attempts where the agent is, until the session ends or the next such request.
package struct BearWitness: AgentRequest {
  package static let name = "witness"
  package typealias Reply = Witnessing

  package let request: WitnessRequest

  package init(_ request: WitnessRequest) { self.request = request }
}

extension BearWitness: Codable {
  private enum Key: CodingKey {
    case witness
  }

  package init(from decoder: any Decoder) throws {
    request = try decoder.container(keyedBy: Key.self).decode(WitnessRequest.self, forKey: .witness)
    guard request.peers.count <= Bounds.list, request.firstPort <= request.lastPort,
      request.protocols.count <= WitnessRequest.mostProtocols,
      Set(request.protocols).count == request.protocols.count
    else {
      throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "too much to look for"))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Key.self)
    try fields.encode(request, forKey: .witness)
  }
}

/// What cannot be seen there, and why.
package struct Witnessing: AgentMessage, Hashable, Codable {
  @BoundedList package private(set) var unheard: [Unheard]

  package init(unheard: [Unheard]) { self.unheard = unheard }
}
