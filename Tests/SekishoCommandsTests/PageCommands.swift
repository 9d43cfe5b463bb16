import Foundation
import Goldens

/// A page of the documentation as somebody reads it who types what it says.
struct PageCommands {
  struct Command {
    /// As it stands there, with what stands in it as a file.
    var text: String
    /// What the page shows of its answer, line by line; `…` stands for any lines.
    var shown: [String] = []

    /// Without what is said of it behind `#`.
    var words: String {
      let line = text.split(separator: "\n")[0]
      let end = line.firstRange(of: " #")?.lowerBound ?? line.endIndex
      return line[..<end].trimmingCharacters(in: .whitespaces)
    }
  }

  let commands: [Command]
  /// What stands between backquotes in its text and begins with the program's name.
  let mentions: [String]

  init(_ page: String) throws {
    let text = try String(contentsOfFile: "\(Golden.root)/\(page)", encoding: .utf8)
    var commands: [Command] = []
    var mentions: [String] = []
    var fence: String?
    // How many there were ahead of it.
    var before = 0
    // What ends a file that a command is given.
    var end: Substring?
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      let word = line.drop { $0 == " " }
      if word.hasPrefix("```") {
        fence = fence == nil ? String(word.dropFirst(3)) : nil
        before = commands.count
      } else if let fence {
        if let ending = end {
          commands[commands.count - 1].text += "\n" + line
          if line == ending { end = nil }
        } else if fence == "sh", !line.isEmpty, !line.hasPrefix("#") {
          commands.append(Command(text: String(line)))
          end = line.firstMatch(of: /<<'([A-Z]+)'/)?.1
        } else if fence == "yaml", word.hasPrefix("- run: ") {
          commands.append(Command(text: String(word.dropFirst(7))))
        } else if fence.isEmpty, line.hasPrefix("$ ") {
          commands.append(Command(text: String(line.dropFirst(2))))
        } else if fence.isEmpty, commands.count > before {
          commands[commands.count - 1].shown.append(String(line))
        }
      } else {
        for part in line.split(separator: "`", omittingEmptySubsequences: false).enumerated()
        where part.offset % 2 == 1 {
          let words = part.element.hasPrefix("sudo ") ? part.element.dropFirst(5) : part.element
          if words.hasPrefix("sekisho ") { mentions.append(String(words)) }
        }
      }
    }
    self.commands = commands
    self.mentions = mentions
  }

  /// All pages that tell somebody to type something, or might, by their paths in the repository.
  static let pages: [String] = {
    let files = FileManager.default
    let inFolders = ["docs", "examples", "inventory", "packaging"].flatMap { folder in
      (files.enumerator(atPath: "\(Golden.root)/\(folder)")?.compactMap { $0 as? String } ?? [])
        .map { "\(folder)/\($0)" }
    }
    let atTop = (try? files.contentsOfDirectory(atPath: Golden.root)) ?? []
    return (inFolders + atTop).filter {
      $0.hasSuffix(".md") && $0 != "CHANGELOG.md" && !$0.contains("/.build/")
    }
    .sorted()
  }()
}

/// What a page shows of an answer.
enum ShownOutput {
  /// The first line that is shown and not there, in this order; `nil`: all are.
  ///
  /// - Parameter shown: `…` is any number of lines; lines without it between them follow each other.
  static func missing(_ shown: [String], in output: String) -> String? {
    var lines = output.split { $0.isNewline }.map(String.init)[...]
    var maySkip = true
    for line in shown {
      if line.trimmingCharacters(in: .whitespaces) == "…" {
        maySkip = true
        continue
      }
      let index = maySkip ? lines.firstIndex(of: line) : lines.first == line ? lines.startIndex : nil
      guard let index else { return line }
      lines = lines[(index + 1)...]
      maySkip = false
    }
    return nil
  }
}
