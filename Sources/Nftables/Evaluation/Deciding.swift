extension Expression {
  /// Whether it can end the packet's way or lead it elsewhere.
  package var mayDecide: Bool {
    switch self {
    case .verdict, .reject, .targetExtension, .opaque: true
    case .lookup(_, _, _, let into): into == .verdict
    default: false
    }
  }
}

extension Chain {
  /// The rules up to the last that may decide something. Behind it they only count and record: whether one of them returns
  /// ahead of the others changes no packet's way.
  package var deciding: ArraySlice<Rule> {
    let last = rules.lastIndex { rule in
      rule.expressions.contains { $0.mayDecide && $0 != .verdict(.return) }
    }
    return rules[..<(last.map { $0 + 1 } ?? 0)]
  }
}
