internal import Fleet

/// Hears of hosts that are asked.
package protocol HostWatch: Sendable {
  func begins(_ hosts: [String]) async
  /// A host has answered, or failed.
  func has(_ host: String)
  func ends() async
}

/// Asks hosts, several at once.
///
/// - Returns: for each, in order, the answer or why there is none.
func asking<Answer: Sendable>(
  _ targets: [Target], _ watch: (any HostWatch)?,
  _ question: @escaping @Sendable (Target) async throws -> Answer
) async -> [Result<Answer, any Error>] {
  await watch?.begins(targets.map(\.name))
  let answers = await concurrently(targets) { target in
    defer { watch?.has(target.name) }
    return try await question(target)
  }
  await watch?.ends()
  return answers
}
