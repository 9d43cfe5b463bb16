internal import ArgumentParser
internal import Diagnostics

/// A command whose answer is values; how they are written is the same for all.
protocol Verb: AsyncParsableCommand {
  var output: OutputOptions { get }

  /// Whether JSON is a line an answer, and what went wrong another line.
  var answersInLines: Bool { get }

  /// Whether it computes and asks nobody, so that a terminal is told how long it has been at work.
  var worksAlone: Bool { get }

  /// Under which title the answer is Markdown; `nil`: it is text.
  var markdownTitle: String? { get }

  /// Does what is asked for.
  ///
  /// - Parameter console: for questions, progress and what is shown ahead of the answer.
  func answer(_ console: Console) async throws -> Answer
}

extension Verb {
  var answersInLines: Bool { false }
  var worksAlone: Bool { false }
  var markdownTitle: String? { nil }

  func run() async throws {
    let console = output.console
    let answer: Answer
    do {
      let line = worksAlone ? WorkLine(console, Self.configuration.commandName ?? "") : nil
      do { answer = try await self.answer(console) } catch {
        await line?.end()
        throw error
      }
      await line?.end()
    } catch let failure as UnwrittenOutput {
      throw failure
    } catch {
      let refusal = Refusal(error)
      try console.show(refusal, json: output.json ? answersInLines ? .line : .document : nil)
      throw refusal.exitCode
    }
    if output.json {
      do { try console.write(try JSONOutput.bytes(answer.data)) } catch let failure as UnwrittenOutput {
        // What was done was done, whether it can be told to a program or not.
        try AnswerText(console: console).write(answer.parts.filter(\.isMessage))
        throw failure
      }
      try AnswerText(console: console).write(answer.parts.filter(\.isBesideData))
    } else if let markdownTitle {
      let (text, rest) = AnswerMarkdown(title: markdownTitle).document(answer.parts)
      try console.write(Array(text.utf8))
      try AnswerText(console: console).write(rest)
    } else {
      try AnswerText(console: console).write(answer.parts)
    }
    if let code = answer.exitCode { throw code }
  }
}

extension Answer.Part {
  /// Whether it goes to standard error.
  fileprivate var isMessage: Bool {
    switch self {
    case .failure, .diagnostics, .summary: true
    case .chapter, .remark, .detail, .verbatim: false
    }
  }

  /// Whether people read it where programs read the answer.
  fileprivate var isBesideData: Bool {
    switch self {
    case .failure, .diagnostics: true
    case .chapter, .summary, .remark, .detail, .verbatim: false
    }
  }
}

extension Console {
  /// How a refusal is written for programs.
  enum Form { case document, line }

  /// Says why something was not done.
  func show(_ refusal: Refusal, json form: Form?) throws {
    let parts = form == nil ? refusal.parts : refusal.parts.filter(\.isBesideData)
    try AnswerText(console: self).write(parts + [.failure(refusal.text)])
    guard let form else { return }
    let data: Answer.Data = form == .line ? .lines([refusal.json]) : .document(refusal.json)
    try write(try JSONOutput.bytes(data))
  }
}
