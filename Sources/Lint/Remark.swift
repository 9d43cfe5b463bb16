internal import Diagnostics
internal import Policy

/// A finding before its words, so that hosts can still be taken out of it.
struct Remark {
  let kind: Finding.Kind
  let subject: String
  /// Ascending; empty where it is about the subject as a whole.
  let hosts: [HostID]
  /// The words for some of the hosts, never for none of several.
  private let words: ([HostID]) -> Diagnostic

  /// About hosts.
  init(
    _ kind: Finding.Kind, _ subject: String, _ hosts: [HostID], _ words: @escaping ([HostID]) -> Diagnostic
  ) {
    self.kind = kind
    self.subject = subject
    self.hosts = hosts
    self.words = words
  }

  /// About the subject as a whole, at its place.
  init(
    _ kind: Finding.Kind, _ subject: String, at location: SourceLocation, _ message: String, help: String,
    related: [RelatedPlace] = []
  ) {
    let diagnostic = Diagnostic(
      .warning, at: location, length: subject.count, message: message, help: help, related: related)
    self.init(kind, subject, []) { _ in diagnostic }
  }

  func finding(_ policy: Policy) -> Finding {
    Finding(
      kind: kind, subject: subject, hosts: hosts.map { policy[$0].name }, diagnostic: words(hosts))
  }

  /// What is left when everything that is known is taken out; `nil`: nothing.
  func without(_ known: Set<Finding.Identity>, _ policy: Policy) -> Remark? {
    let identities = finding(policy).identities
    if hosts.isEmpty { return identities.allSatisfy(known.contains) ? nil : self }
    let left = zip(hosts, identities).filter { !known.contains($0.1) }.map(\.0)
    return left.isEmpty ? nil : Remark(kind, subject, left, words)
  }
}

extension Policy {
  /// Hosts as a message names them: the first three, and how many more.
  func list(_ hosts: [HostID]) -> String {
    let names = hosts.prefix(hosts.count > 4 ? 3 : 4).map { "`\(self[$0].name)`" }
    let words = hosts.count > names.count ? names + ["\(hosts.count - names.count) more"] : names
    return conjoined(words)
  }
}
