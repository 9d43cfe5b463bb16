package import Addressing
package import RulesetShape

/// Why a host does not allow what it has recorded, as far as an inventory says.
package enum DenialCause: Hashable, Sendable {
  /// No flow is about it.
  case noFlow
  /// No host and no network of the inventory has the address at the other end.
  case unknown(Address)
  /// The inventory gives the host no address of the family, so that no flow of that family is about it.
  case hasNone(AddressFamily)
  /// A flow allows the same the other way.
  case otherWay(flow: String)
  /// A flow allows the same between these hosts in the other family of addresses.
  case otherFamily(flow: String)
  /// A flow allows other messages of the protocol; which one it was is not recorded.
  case otherMessages(flow: String)
  /// Another host on the way allows it, and this one does not.
  case onlyElsewhere(host: String, flow: String)
  /// Both ends allow it, and the inventory leads it through another gateway.
  case otherGateway(host: String, flow: String)
  /// Both ends may allow it, and the inventory leads it through no gateway, this one neither.
  case endsAtGateway(flow: String)
  /// They look like answers of a flow, of a session that the host does not know.
  case answers(flow: String)
  /// The same at a gateway, where the inventory leads the flow's requests through another one.
  case asymmetric(host: String, flow: String)
  /// It looks like answers of a flow, and was new to both ends, so that it is none: no flow is about it.
  case newToBoth(flow: String)
  /// A flow allowed it until its end.
  case ended(flow: String)
  /// The inventory allows it here: the host's rules are others, or were then. `nil`: whatever the flows are.
  case allowed(flow: String?)
  /// A rule denies it that no flow can change.
  case rule(RuleNote)

  /// As a part of a sentence.
  package var words: String {
    switch self {
    case .noFlow: "no flow allows it"
    case .unknown(let address): "the inventory does not know \(address)"
    case .hasNone(let family):
      "the inventory gives the host no \(family == .ipv4 ? "IPv4" : "IPv6") address"
    case .otherWay(let flow): "flow \(flow) is the other way"
    case .otherFamily(let flow): "flow \(flow) has it in the other family of addresses alone"
    case .otherMessages(let flow): "flow \(flow) allows other messages of it"
    case .onlyElsewhere(let host, let flow): "\(host) allows it by flow \(flow), and this host does not"
    case .otherGateway(let host, let flow): "the inventory leads flow \(flow) through \(host), and not here"
    case .endsAtGateway(let flow): "the inventory has no route over this gateway for flow \(flow)"
    case .answers(let flow):
      "they look like answers of flow \(flow), of a session that the host has forgotten or did not see begin"
    case .asymmetric(let host, let flow):
      "they look like answers of flow \(flow), whose requests go through \(host): the route is asymmetric"
    case .newToBoth(let flow): "no flow allows it: new to both ends, it is no answer of flow \(flow)"
    case .ended(let flow): "the time of flow \(flow) is over"
    case .allowed(let flow?):
      "flow \(flow) allows it: the host has other rules, or had (sekisho diff tells which), or the session was ended"
    case .allowed(nil):
      "the inventory allows it: the host has other rules, or had (sekisho diff tells which), or the session was ended"
    case .rule(let note): note.rawValue
    }
  }

  /// For programs.
  package var code: String {
    switch self {
    case .noFlow, .newToBoth: "no-flow"
    case .unknown: "unknown-address"
    case .hasNone: "no-address-of-family"
    case .otherWay: "other-way"
    case .otherFamily: "other-family"
    case .otherMessages: "other-messages"
    case .onlyElsewhere: "only-elsewhere"
    case .otherGateway: "other-gateway"
    case .endsAtGateway: "ends-at-gateway"
    case .answers: "answers"
    case .asymmetric: "asymmetric-route"
    case .ended: "ended"
    case .allowed: "allowed"
    case .rule: "rule"
    }
  }

  /// Whether it is what a flow's servers send back, to whichever port.
  package var isOfAnswers: Bool {
    switch self {
    case .answers, .asymmetric: true
    default: false
    }
  }

  /// The flow that it is about.
  package var flow: String? {
    switch self {
    case .noFlow, .unknown, .hasNone, .newToBoth, .rule: nil
    case .allowed(let flow): flow
    case .otherWay(let flow), .otherFamily(let flow), .otherMessages(let flow), .ended(let flow),
      .onlyElsewhere(_, let flow), .otherGateway(_, let flow), .endsAtGateway(let flow), .answers(let flow),
      .asymmetric(_, let flow):
      flow
    }
  }
}
