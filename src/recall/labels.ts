/**
 * Words that stand before a colon and are nobody's name: "Note: …", "Action items: …". In the languages whose
 * capitals or scripts make them look like a name. A change here is a change of what is indexed: raise
 * `TOKENISER_VERSION`.
 */
export const LABELS: ReadonlySet<string> = new Set(
  `note notes notice nb ps fyi tldr info information remark remarks comment comments memo reminder reminders
  re fwd fw aw wg subject cc bcc from to date time when where who what why how which
  warning error errors caution danger important attention alert urgent todo todos fixme task tasks
  question questions answer answers q a faq tip tips hint hints example examples
  update updates edit summary abstract overview conclusion conclusions result results outcome
  fact facts rule rules step steps part chapter section item items list lists topic topics agenda
  goal goals plan plans idea ideas decision decisions reason reasons cause problem problems issue issues
  solution solutions status state version title name names address phone email mail url link links website
  source sources author authors location place places cost total ingredients instructions recipe
  preference preferences favourite favorite favourites favorites likes dislikes hobby hobbies allergies
  context background definition description details input output code value type category tags tag
  remember observation observations meeting event events project conversation session
  notiz notizen hinweis achtung wichtig frage antwort betreff aufgabe aufgaben termin datum ort beispiel fazit
  remarque attention important objet rappel exemple conclusion réponse adresse résumé
  nota aviso importante pregunta respuesta asunto ejemplo
  заметка примечание внимание важно вопрос ответ тема пример задача напоминание итог
  ملاحظة ملاحظات تنبيه هام مهم سؤال جواب موضوع مثال
  नोट सूचना ध्यान प्रश्न उत्तर उदाहरण विषय
  メモ 注意 注 質問 回答 答え 例 件名 日時 場所 重要 結論
  备注 注意 注 问题 回答 答案 例如 例 主题 时间 地点 重要 结论 提示
  메모 주의 참고 질문 답변 답 예 제목 일시 장소 중요 결론`.split(/\s+/),
);
