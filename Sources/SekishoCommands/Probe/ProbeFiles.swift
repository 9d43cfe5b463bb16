internal import Machine
internal import Policy
internal import SystemPackage

/// Where a probe puts down what it has shown.
struct ProbeFiles {
  /// Whose `probes` keeps each outcome.
  let directory: String
  /// `nil`: nobody wants it.
  let junit: String?

  /// Makes the directories and sees that files can be made there: what was shown must not be lost for a name.
  func prepare(_ began: Timestamp) throws {
    for path in [directory, probes] {
      do throws(SystemFailure) {
        try Files.makeDirectory(path, .everybodyEnters)
      } catch {
        if error.errno != .fileExists { throw error }
      }
    }
    try tryOut("\(probes)/\(ProbeReport.name(began))")
    if let junit { try tryOut(junit) }
  }

  private var probes: String { "\(directory)/probes" }

  private func tryOut(_ path: String) throws {
    let path = FilePath(path)
    let parent = path.removingLastComponent()
    let directory = try Directory(opening: parent.isEmpty ? "." : parent.string)
    let name = path.lastComponent?.string ?? ""
    try directory.requireNothingElse(name)
    try directory.prepare(name, [])
    directory.discard(name)
  }

  /// Writes them.
  ///
  /// - Returns: what could not be written; what was shown stands without it.
  func write(_ report: ProbeReport) -> [any Error] {
    var failures: [any Error] = []
    do {
      var json = ProbeJSON(report)
      json.trace = ProbeTrace(report)
      try Directory(opening: probes).replace(
        ProbeReport.name(report.began), with: try JSONOutput.bytes(.document(json)))
    } catch { failures.append(error) }
    if let junit {
      do { try Files.replace(junit, with: Array(ProbeJUnit(report).text.utf8)) } catch {
        failures.append(error)
      }
    }
    return failures
  }
}
