/// No steps lead from one policy to another so that nothing is cut that stays allowed and nothing passes that neither allows.
package struct NoSteps: Error, CustomStringConvertible {
  /// Why, a sentence each, each with a name.
  package let reasons: [String]

  package var description: String {
    "no steps lead from the old policy to the new one: \(reasons.prefix(5).joined(separator: "; "))"
      + (reasons.count > 5 ? "; and \(reasons.count - 5) more" : "")
      + "; make that part of the change by itself, ahead of the rest"
  }
}

extension HostUnion.Unforeseen {
  func reason(_ host: String, others: Int) -> String {
    let hosts = others == 0 ? host : "\(host) and \(others) more"
    return switch self {
    case .bridges: "bridges of containers are others on \(hosts), and what passes by them is not to be united"
    case .gatewayOfContainers:
      "\(hosts) forwards as a gateway on one side and to containers on the other, and no ruleset allows both"
    case .modes:
      "\(hosts) leaves directions alone on each side so that both together would judge nothing there"
    }
  }
}
