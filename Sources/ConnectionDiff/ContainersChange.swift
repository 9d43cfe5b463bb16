package import Policy

/// A host that judges what is for its containers, or from them, otherwise than before, or on one side only.
///
/// It is told as a fact: which addresses containers have no inventory says, so that no connection of theirs is among those
/// that open and close.
package struct ContainersChange: Hashable, Sendable {
  package let host: String
  /// `nil`: they are not judged apart from all else that is forwarded.
  package let old: Containers?
  package let new: Containers?
  /// Whether all that is forwarded is filtered, on the side where containers are not judged apart; `nil`: on neither side.
  package let isFilteredOtherwise: Bool?
  /// Bridges that no name stood for before, and those that none stands for any more.
  package let come: [String]
  package let gone: [String]

  /// - Returns: `nil` where nothing changes.
  init?(
    _ host: String, from old: Containers?, to new: Containers?, isFiltered: (before: Bool, after: Bool)
  ) {
    if old == new { return nil }
    self.host = host
    self.old = old
    self.new = new
    isFilteredOtherwise = old == nil ? isFiltered.before : new == nil ? isFiltered.after : nil
    func names(_ one: Containers?, without other: Containers?) -> [String] {
      (one?.bridges ?? []).filter { name in
        !(other?.bridges ?? []).contains { Containers.covers($0, name) }
      }
    }
    come = names(new, without: old)
    gone = names(old, without: new)
  }

  /// What it opens, in sentences.
  var openings: [String] {
    guard let new else {
      return isFilteredOtherwise == true
        ? [] : ["\(host) lets everybody get to its containers: its forwarding is left alone"]
    }
    var result: [String] = []
    if !come.isEmpty {
      let others =
        switch (old, isFilteredOtherwise, new.judgesEgress) {
        case (nil, true?, false): " and everything behind it"
        case (nil, false?, _): ""
        default: " and its other containers"
        }
      result.append(
        "\(host) takes what is behind \(come.joined(separator: ", ")) for its containers: all that the host sends "
          + "there passes, and from there its port 53\(others) can be asked")
    }
    if let old {
      for name in gone {
        let kept = new.bridges.filter { Containers.covers(name, $0) }
        result.append(
          "\(host) takes what is behind \(name) for its containers no more"
            + (kept.isEmpty ? "" : ", but for \(kept.joined(separator: ", "))")
            + ": everything passes through to there and from there")
      }
      if old.judgesEgress, !new.judgesEgress {
        result.append("\(host) lets its containers ask for anything outside")
      }
    }
    return result
  }
}
