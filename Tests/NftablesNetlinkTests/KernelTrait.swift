import ChildProcess
import Foundation
import Testing

/// Runs a test in a network namespace of its own: the test process starts itself again for that one
/// test, inside unshare(1).
struct KernelTrait: TestTrait, SuiteTrait, TestScoping {
  let asRoot: Bool

  private static let mark = "SEKISHO_IN_NAMESPACE"
  static let isInside = ProcessInfo.processInfo.environment[mark] != nil

  /// Whether this machine lets us make the namespace at all.
  static let isPossible = isInside || ChildProcess.run(["unshare", "-Urn", "true"]).status == 0
  static let isPossibleAsRoot = isInside || geteuid() == 0

  func scopeProvider(for test: Test, testCase: Test.Case?) -> Self? {
    // Once around all cases of a test.
    testCase == nil && !test.isSuite ? self : nil
  }

  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    if Self.isInside { return try await function() }
    let place = "\(test.sourceLocation.fileID.split(separator: "/").last ?? ""):\(test.sourceLocation.line):"
    let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let child = ChildProcess.run(
      ["unshare", asRoot ? "-n" : "-Urn", program, "--testing-library", "swift-testing"]
        + ["--filter", place.replacing(".", with: "\\.")], environment: [Self.mark: "1"])
    if child.status != 0 {
      Issue.record("in the namespace:\n\(child.output)", sourceLocation: test.sourceLocation)
    }
    for line in child.output.split(separator: "\n") where line.hasPrefix("measured") { print(line) }
  }
}

extension Trait where Self == KernelTrait {
  /// A fresh network namespace without privileges outside of it.
  static var namespace: Self { Self(asRoot: false) }
  /// A fresh network namespace with the privileges of root.
  static var rootNamespace: Self { Self(asRoot: true) }
}

/// What nft(8) says in this namespace.
func nft(_ arguments: String..., input: String = "") throws -> String {
  let result = ChildProcess.run(["nft"] + arguments, input: input)
  try #require(result.status == 0, "nft \(arguments): \(result.output)")
  return result.output
}
