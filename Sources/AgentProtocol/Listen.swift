package import Attempts

/// Listens where the agent is, until the next request.
package struct Listen: AgentRequest {
  package static let name = "listen"
  package typealias Reply = Listening

  package let request: ListenRequest

  package init(_ request: ListenRequest) { self.request = request }
}

extension Listen: Codable {
  private enum Key: CodingKey {
    case listen
  }

  package init(from decoder: any Decoder) throws {
    request = try decoder.container(keyedBy: Key.self).decode(ListenRequest.self, forKey: .listen)
    let count = request.tcp.count + request.udp.count + request.raw.count + request.multicast.count
    guard count <= Bounds.list else {
      throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "too much to listen for"))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Key.self)
    try fields.encode(request, forKey: .listen)
  }
}

/// What cannot be listened to there, and why.
package struct Listening: AgentMessage, Hashable, Codable {
  @BoundedList package private(set) var unheard: [Unheard]

  package init(unheard: [Unheard]) { self.unheard = unheard }
}
