/// Asks many at once, at most `limit` at a time.
///
/// - Returns: for each item, in order, the answer or why there is none.
package func concurrently<Item: Sendable, Answer: Sendable>(
  _ items: [Item], limit: Int = 16, _ ask: @escaping @Sendable (Item) async throws -> Answer
) async -> [Result<Answer, any Error>] {
  var answers = [Result<Answer, any Error>?](repeating: nil, count: items.count)
  await withTaskGroup(of: (Int, Result<Answer, any Error>).self) { group in
    var next = 0
    func start() {
      guard next < items.count else { return }
      let index = next
      let item = items[index]
      next += 1
      group.addTask {
        do { return (index, .success(try await ask(item))) } catch { return (index, .failure(error)) }
      }
    }
    for _ in 0..<max(1, limit) { start() }
    while let (index, answer) = await group.next() {
      answers[index] = answer
      start()
    }
  }
  return answers.compactMap { $0 }
}
