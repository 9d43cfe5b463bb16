internal import Artifacts
internal import Machine
internal import Signing
internal import SystemPackage

/// Where a host finds a bundle.
package struct BundleSource: Sendable {
  private enum Place: Sendable {
    case directory(String)
    case url(String)
  }

  private let place: Place
  /// As it is told: without a slash at the end, and without what comes with a name (`user:password@`), which is nobody's to read.
  package let text: String

  /// - Throws: ``Misuse``.
  package init(parsing text: String) throws {
    let scheme = text.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
    if scheme.count == 1 {
      place = .directory(text)
      self.text = text
      return
    }
    guard ["http", "https"].contains(scheme[0].lowercased()), !scheme[1].isEmpty else {
      throw Misuse("a bundle is read from https://…, http://… or a directory, not from \(text)")
    }
    let url = text.last == "/" ? String(text.dropLast()) : text
    place = .url(url)
    let rest = url.drop { $0 != ":" }.dropFirst(3)
    let name = rest.prefix { $0 != "/" }
    self.text =
      name.lastIndex(of: "@").map { "\(scheme[0])://…\(name[$0...])\(rest.dropFirst(name.count))" } ?? url
  }

  /// Whether something between here and there may be somebody else's.
  package var isRemote: Bool { if case .url = place { true } else { false } }

  /// Bytes of an index, unpacked; ten thousand hosts have about 1.6 MB.
  private static let longestIndex = 1 << 25
  /// Bytes of a ruleset.
  private static let longestRuleset = 1 << 28

  /// - Parameter tag: a file with the ETag (RFC 9110, 8.8.3) of the index that was taken last, and where to keep the one of this.
  /// - Returns: `nil`: it is the one that was taken last.
  func index(unless tag: (known: String, new: String)? = nil) throws(BundleUnread) -> [UInt8]? {
    try read(BundleWrite.index, atMost: Self.longestIndex, comparing: tag?.known, saving: tag?.new)
  }

  /// Asks for the index through a new connection, without taking it again where it is the one that was read last.
  ///
  /// - Parameter seconds: for all of it.
  func reach(_ tag: (known: String, new: String)?, within seconds: Int) throws(BundleUnread) {
    // curl(1) fails where there is none to compare with.
    let known = tag.flatMap { (try? Files.read($0.new, atMost: 4096)) == nil ? nil : $0.new }
    _ = try read(BundleWrite.index, atMost: Self.longestIndex, within: seconds, comparing: known)
  }

  /// What lies beside the index; `nil`: nothing does.
  func signatures() throws(BundleUnread) -> [UInt8]? {
    do throws(BundleUnread) {
      return try read(BundleWrite.index + IndexFile.ending, atMost: SignatureBlock.longest)
    } catch {
      if error.isMissing { return nil }
      throw error
    }
  }

  func ruleset(_ digest: String) throws(BundleUnread) -> [UInt8] {
    try read(BundleWrite.path(ofRuleset: digest), atMost: Self.longestRuleset) ?? []
  }

  private func read(
    _ name: String, atMost limit: Int, within seconds: Int = 120, comparing known: String? = nil,
    saving new: String? = nil
  ) throws(BundleUnread) -> [UInt8]? {
    switch place {
    case .directory(let path):
      let whole = FilePath("\(path)/\(name)")
      do throws(SystemFailure) {
        // What may have come from elsewhere is no pipe that is waited for, and no link.
        let directory = try Directory(opening: whole.removingLastComponent().string)
        if let bytes = try directory.read(whole.lastComponent?.string ?? "", atMost: limit) { return bytes }
      } catch {
        throw BundleUnread(
          object: error.object, reason: error.message, isMissing: error.errno == .noSuchFileOrDirectory)
      }
      throw BundleUnread(object: whole.string, reason: "No such file or directory", isMissing: true)
    case .url(let url): return try fetch(url, name, atMost: limit, within: seconds, known, new)
    }
  }

  /// curl(1), with nothing of a configuration of its own, one URL, no redirects, and an end to everything: each is a new connection.
  /// A server may send it packed, an index in a sixteenth of its bytes; what comes out counts for the limit.
  private func fetch(
    _ url: String, _ name: String, atMost limit: Int, within seconds: Int, _ known: String?, _ new: String?
  ) throws(BundleUnread) -> [UInt8]? {
    let command =
      [
        "/usr/bin/curl", "-q", "--silent", "--show-error", "--fail", "--globoff", "--compressed", "--proto",
        "=https,http",
        "--connect-timeout", "\(min(10, seconds))", "--max-time", "\(seconds)", "--max-filesize", "\(limit)",
        "--write-out",
        "%{stderr}\\n%{http_code}",
      ] + (known.map { ["--etag-compare", $0] } ?? []) + (new.map { ["--etag-save", $0] } ?? [])
      + ["--url", "\(url)/\(name)"]
    let shown = "\(text)/\(name)"
    let outcome: Programs.Outcome
    do throws(SystemFailure) {
      outcome = try Programs.run(command, atMost: limit, within: .seconds(seconds + 10))
    } catch {
      throw BundleUnread(
        object: shown,
        reason: error.errno == .fileTooLarge ? Self.tooLong(limit) : "\(error)",
        isMissing: false,
        remedy: error.errno == .noSuchFileOrDirectory ? "apt install curl" : nil)
    }
    let code = outcome.errors
    // To curl, what leads elsewhere is an answer like any other.
    let isElsewhere = code.hasPrefix("3") && code != "304"
    if outcome.status == 0, !isElsewhere { return code == "304" ? nil : outcome.output }
    throw BundleUnread(
      object: shown,
      reason: isElsewhere
        ? "the server answered \(code), which leads elsewhere, and is not followed"
        : Self.reason(outcome.status, code, limit, seconds),
      isMissing: code == "404", remedy: isElsewhere ? "give the address that it leads to" : nil)
  }

  /// - Parameters:
  ///   - status: how curl ended (EXIT CODES, curl(1)).
  ///   - code: of the answer; `000`: none came.
  private static func reason(_ status: Int32, _ code: String, _ limit: Int, _ seconds: Int) -> String {
    switch status {
    case 3: "curl takes it for no URL"
    case 6: "nobody knows the name of the server"
    case 7: "nothing answers there"
    case 22: "the server answered \(code)"
    case 63: tooLong(limit)
    case 28 where code != "000": "it took longer than \(seconds) s"
    case 28: "no answer within \(min(10, seconds)) s"
    case 60: "the server's certificate is not one that this machine believes"
    case _ where code == "000" || code.isEmpty: "no answer (curl ended with \(status))"
    default: "what the server sent broke off (curl ended with \(status))"
    }
  }

  private static func tooLong(_ limit: Int) -> String { "more than \(limit) bytes, which none has" }
}

/// A bundle, or a part of it, could not be read.
package struct BundleUnread: Error, Sendable, CustomStringConvertible {
  package let object: String
  package let reason: String
  let isMissing: Bool
  var remedy: String?

  package var description: String { "\(object): \(reason)" + (remedy.map { "; \($0)" } ?? "") }
}
