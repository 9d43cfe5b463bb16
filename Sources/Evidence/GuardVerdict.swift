package import Policy

/// A guard in words, and whether it holds.
package struct GuardVerdict: Hashable, Sendable {
  package let name: String
  /// `never`, `only`, `expect`, `isolated` or `through`.
  package let statement: String
  /// What it says, in a sentence without its end.
  package let says: String
  package let why: String?
  /// How it is broken; `nil`: it holds.
  package let broken: String?
  package let remedy: String?
  /// What shows that it holds; of one that does not, the way.
  package let shown: String?
  /// Where it is written.
  package let place: String

  package init(
    name: String, statement: String, says: String, why: String?, broken: String?, remedy: String?,
    shown: String?, place: String
  ) {
    self.name = name
    self.statement = statement
    self.says = says
    self.why = why
    self.broken = broken
    self.remedy = remedy
    self.shown = shown
    self.place = place
  }

  package var holds: Bool { broken == nil }
}

extension GuardStatement {
  /// The word by which an inventory writes it.
  package var word: String {
    switch self {
    case .never: "never"
    case .only: "only"
    case .expect: "expect"
    case .isolated: "isolated"
    case .through: "through"
    }
  }

  /// What it says: `web never gets to vault within 3 hops`.
  package func sentence(_ policy: Policy, _ names: PeerNames) -> String {
    func by(_ service: ServiceID?) -> String { service.map { " by \(policy[$0].name)" } ?? "" }
    switch self {
    case .never(let from, let to, let service, let hops):
      return
        "\(names.name(from)) never gets to \(names.name(to))\(by(service)) within \(hops) \(hops == 1 ? "hop" : "hops")"
    case .only(let from?, let to, let service):
      return "only \(names.name(from)) gets to \(to.map(names.name) ?? "anybody")\(by(service))"
    case .only(nil, let to?, let service):
      return "everything\(by(service)) goes to \(names.name(to)) only"
    case .only(nil, nil, let service): return "nothing is allowed\(by(service))"
    case .expect(let from, let to, let service, let allowed):
      return
        "from \(names.name(from)) to \(names.name(to)), \(policy[service].name) is \(allowed ? "allowed" : "denied")"
    case .isolated(let peers): return "no flow touches \(names.name(peers))"
    case .through(let from, let to, let via):
      return "every way from \(names.name(from)) to \(names.name(to)) passes \(names.name(via))"
    }
  }
}
