internal import Records

extension DenialCause {
  /// Whether a flow may let what is denied for it.
  ///
  /// - Parameter isOfHosts: whether both its ends are hosts. What one end has by a network, or one family by a prefix or a message,
  ///   no flow of both hosts is about.
  func mayBeMended(isOfHosts: @autoclosure () -> Bool) -> Bool {
    switch self {
    case .noFlow, .unknown, .otherWay, .newToBoth: true
    case .onlyElsewhere, .otherFamily: isOfHosts()
    case .hasNone, .otherMessages, .otherGateway, .endsAtGateway, .answers, .asymmetric, .ended, .allowed,
      .rule:
      false
    }
  }

  /// Whether it is told of a flow that is proposed nonetheless.
  var isRemarked: Bool {
    switch self {
    case .onlyElsewhere, .otherFamily, .newToBoth: true
    default: false
    }
  }
}

extension Set<DenialCause> {
  /// What of a flow other flows have, or may have, a remark a kind.
  var remarks: [String] {
    var (elsewhere, family, answers): (Set<String>, Set<String>, Set<String>) = ([], [], [])
    for cause in self {
      switch cause {
      case .onlyElsewhere(_, let flow): elsewhere.insert(flow)
      case .otherFamily(let flow): family.insert(flow)
      case .newToBoth(let flow): answers.insert(flow)
      default: break
      }
    }
    var remarks: [String] = []
    if let flows = Self.listed(elsewhere) { remarks.append("another host of the way has it by \(flows)") }
    if let flows = Self.listed(family) { remarks.append("in the other family of addresses \(flows) has it") }
    if let flows = Self.listed(answers) {
      remarks.append(
        "clients ask from such ports: unless somebody listens there, it was a late answer of \(flows)")
    }
    return remarks
  }

  private static func listed(_ flows: Set<String>) -> String? {
    if flows.isEmpty { return nil }
    let told = flows.sorted().prefix(3).joined(separator: ", ")
    let more = flows.count > 3 ? " and \(flows.count - 3) more" : ""
    return "flow \(told)\(more)"
  }
}
