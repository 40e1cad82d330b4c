/** A language's words, and how they become memories and questions: twenty deeds and places, ten of the rest. */
export interface Language {
  readonly name: string;
  readonly people: readonly string[];
  /** What was done, with its object: [verb, object]. */
  readonly deeds: readonly (readonly [verb: string, object: string])[];
  readonly places: readonly string[];
  readonly times: readonly string[];
  readonly tell: (what: Told) => string;
  /** Asks for the memory by words it holds. */
  readonly ask: (what: Told) => string;
  /** The same words as others would type them. */
  readonly otherwise: (text: string) => string;
}

export interface Told {
  readonly who: string;
  readonly verb: string;
  readonly object: string;
  readonly place: string;
  readonly time: string;
}

/** A hundred sentences: every deed five times, each time by somebody else and in another place. */
export function hundred(language: Language): Told[] {
  return Array.from({ length: 100 }, (_, i) => {
    const row = Math.floor(i / 20);
    const [verb, object] = language.deeds[i % 20];
    return {
      who: language.people[(3 * i + row) % 10],
      verb,
      object,
      place: language.places[(7 * i + 3 * row) % 20],
      time: language.times[(3 * i + 7 * row) % 10],
    };
  });
}

const list = (text: string) => text.trim().split(/,\s+/);
const deeds = (text: string) =>
  list(text).map((deed): [string, string] => {
    const [verb, object] = deed.split(' | ');
    return [verb, object];
  });

const withoutMarks = (text: string) => text.normalize('NFD').replace(/\p{M}/gu, '');

const FULL = [
  ...'アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワンァィゥェォッャュョー\u3099\u309a',
];
const HALF = 'ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜﾝｧｨｩｪｫｯｬｭｮｰﾞﾟ';
/** Katakana as old programs write them, the sound marks as characters of their own. */
const halfWidth = (text: string) =>
  [...text.normalize('NFD')].map((letter) => HALF[FULL.indexOf(letter)] ?? letter).join('');

export const LANGUAGES: readonly Language[] = [
  {
    name: 'German',
    people: list('Anna, Jürgen, Käthe, Matthias, Frau Größmann, Björn, Ursula, Herr Weiß, Liesl, Götz Ümit'),
    deeds: deeds(`
      gekauft | einen grünen Lederkoffer, repariert | das alte Fahrrad, gebacken | Käsekuchen mit Äpfeln,
      verloren | den silbernen Schlüssel, gelesen | ein Buch über Vögel, gemalt | die verschneite Straße,
      gepflanzt | drei Rosenbüsche, verkauft | die kaputte Waschmaschine, gefunden | eine römische Münze,
      gesungen | fröhliche Weihnachtslieder, geschrieben | einen Brief an die Großmutter,
      gestrichen | den Gartenzaun, gemessen | die Höhe des Turms, gefüttert | zwei hungrige Störche,
      gewonnen | einen Pokal im Schach, verschenkt | selbst gestrickte Socken,
      fotografiert | den Sonnenuntergang, bestellt | vegetarische Maultaschen,
      zerbrochen | die Vase aus Porzellan, gehört | ein Konzert für Oboe`),
    places: list(`
      am Bahnhof, im Schloss, auf dem Marktplatz, in München, hinter der Kirche, am Bodensee, im Garten,
      beim Bäcker, in der Werkstatt, auf dem Dachboden, auf dem Dampfer, in der Bibliothek, am Flughafen,
      beim Zahnarzt, im Schwimmbad, an der Nordsee, in Österreich, unter der Brücke, im Museum, auf der Alm`),
    times: list(`
      Gestern, Am Dienstag, Vor zwei Wochen, Im März, Letzten Sommer, Heute früh, Zu Ostern,
      Nach der Prüfung, Am Abend, Im Winter`),
    tell: ({ who, verb, object, place, time }) => `${time} hat ${who} ${place} ${object} ${verb}.`,
    ask: ({ who, verb, object }) => `Wo hat ${who} ${object} ${verb}?`,
    otherwise: (text) => withoutMarks(text.replace(/ß/g, 'ss')).toUpperCase(),
  },
  {
    name: 'French',
    people: list(
      "Zoé, François, Hélène, Rémi, l'oncle Théo, Anaïs, Jérôme, Madame Lefèvre, Benoît, la sœur d'Inès",
    ),
    deeds: deeds(`
      acheté | une valise verte, réparé | le vieux vélo, préparé | un gâteau à l'ananas,
      perdu | la clé argentée, lu | un roman d'aventures, peint | la forêt enneigée, planté | trois rosiers,
      vendu | l'armoire cassée, trouvé | une pièce romaine, chanté | des airs d'opéra,
      écrit | une lettre à sa grand-mère, repeint | la clôture, mesuré | la hauteur du phare,
      nourri | deux cigognes affamées, gagné | une coupe aux échecs, offert | des chaussettes tricotées,
      photographié | le coucher du soleil, commandé | des crêpes au sarrasin,
      brisé | le vase en porcelaine, entendu | un concert de hautbois`),
    places: list(`
      à la gare, au château, sur le marché, à Besançon, derrière l'église, près de l'étang, dans le jardin,
      chez le boulanger, à l'atelier, au grenier, sur le ferry, à la bibliothèque, à l'aéroport,
      chez le dentiste, à la piscine, en Bretagne, à Genève, sous le pont, au musée, à la montagne`),
    times: list(`
      Hier, Mardi, Il y a deux semaines, En février, L'été dernier, Ce matin, À Pâques, Après l'examen,
      Le soir, Pendant les fêtes`),
    tell: ({ who, verb, object, place, time }) => `${time}, ${who} a ${verb} ${object} ${place}.`,
    ask: ({ who, verb, object }) => `Où est-ce que ${who} a ${verb} ${object} ?`,
    otherwise: (text) => withoutMarks(text.replace(/œ/g, 'oe').replace(/'/g, '’')).toUpperCase(),
  },
  {
    name: 'Russian',
    people: list('Алёна, Ксения, Марья, Светлана, Ольга, бабушка Фёкла, Наталья, Зоя, Дарья, Елизавета'),
    deeds: deeds(`
      купила | зелёный чемодан, починила | старый велосипед, испекла | яблочный пирог,
      потеряла | серебряный ключ, прочла | книгу о птицах, нарисовала | заснеженный лес,
      посадила | три розы, продала | сломанный шкаф, нашла | древнюю монету, спела | весёлую песню,
      написала | письмо деду, покрасила | деревянный забор, измерила | высоту маяка,
      накормила | голодных аистов, выиграла | шахматный турнир, связала | шерстяные носки,
      сфотографировала | закат над морем, заказала | гречневые блины, разбила | фарфоровую вазу,
      послушала | концерт для гобоя`),
    places: list(`
      на вокзале, во дворце, на рынке, в Казани, за церковью, у озера, в саду, у пекаря, в мастерской,
      на чердаке, на пароме, в библиотеке, в аэропорту, у зубного врача, в бассейне, на Байкале, в Риге,
      под мостом, в музее, в горах`),
    times: list(`
      Вчера, Во вторник, Две недели назад, В марте, Прошлым летом, Сегодня утром, На Пасху,
      После экзамена, Вечером, Зимой`),
    tell: ({ who, verb, object, place, time }) => `${time} ${who} ${verb} ${object} ${place}.`,
    ask: ({ who, verb, object }) => `Где ${who} ${verb} ${object}?`,
    otherwise: (text) => text.replace(/ё/g, 'е').toUpperCase(),
  },
  {
    name: 'Arabic',
    people: list('فاطمة, آمنة, إيمان, أسماء, ليلى, سُعاد, هُدى, رؤى, زينب, مُنى'),
    deeds: deeds(`
      اشترت | حقيبةً خضراء, أصلحت | الدراجة القديمة, خبزت | كعكة التفاح, أضاعت | المفتاح الفضي,
      قرأت | كتابًا عن الطيور, رسمت | الغابة الثلجية, زرعت | ثلاث شجيرات, باعت | الخزانة المكسورة,
      وجدت | قطعةً أثرية, غنّت | أغنيةً جميلة, كتبت | رسالةً إلى جدتها, طلت | سور البيت,
      قاست | ارتفاع المنارة, أطعمت | اللقالق الجائعة, ربحت | بطولة الشطرنج, حاكت | جوارب صوفية,
      صورت | غروب الشمس, طلبت | فطائر الجبن, كسرت | مزهرية الخزف, سمعت | معزوفة العود`),
    places: list(`
      في المحطة, في القلعة, في السوق, في القاهرة, خلف المسجد, قرب البحيرة, في الحديقة, عند الخباز,
      في الورشة, على السطح, على العبّارة, في المكتبة, في المطار, عند طبيب الأسنان, في المسبح, في المغرب,
      في دمشق, تحت الجسر, في المتحف, في الجبال`),
    times: list(`
      أمس, يوم الثلاثاء, قبل أسبوعين, في آذار, الصيف الماضي, هذا الصباح, في العيد, بعد الامتحان, مساءً,
      في الشتاء`),
    tell: ({ who, verb, object, place, time }) => `${verb} ${who} ${object} ${place} ${time}.`,
    ask: ({ who, verb, object }) => `أين ${verb} ${who} ${object}؟`,
    // Without vowel signs and hamza, and with the first alef stretched.
    otherwise: (text) =>
      text
        .replace(/[\u064b-\u0652]/g, '')
        .replace(/[أإآ]/g, 'ا')
        .replace(/ة/g, 'ه')
        .replace(/ى/g, 'ي')
        .replace(/(?<=\p{L})ا/u, 'ـا'),
  },
  {
    name: 'Hindi',
    people: list('सीमा, राधा, विजय, अंजलि, सुरेन्द्र, मीना, गोविन्द, फ़ातिमा, किरण, ज्योति'),
    deeds: deeds(`
      खरीदी | हरी पेटी, ठीक की | पुरानी साइकिल, बनाई | सेब की मिठाई, खो दी | चाँदी की चाबी,
      पढ़ी | पक्षियों पर किताब, खींची | बर्फ़ की तस्वीर, लगाई | गुलाब की क्यारी, बेची | टूटी अलमारी,
      पाई | प्राचीन अँगूठी, गाई | सुन्दर ग़ज़ल, लिखी | दादी को चिट्ठी, रंगवाई | बाड़ की लकड़ी,
      नापी | मीनार की ऊँचाई, खिलाई | सारसों को मछली, जीती | शतरंज की प्रतियोगिता, बुनी | ऊनी टोपी,
      देखी | समुद्र की लहर, मँगवाई | पनीर की सब्ज़ी, तोड़ दी | मिट्टी की सुराही, सुनी | बाँसुरी की धुन`),
    places: list(`
      स्टेशन पर, क़िले में, बाज़ार में, मुम्बई में, मन्दिर के पीछे, झील के पास, बग़ीचे में, हलवाई के यहाँ,
      कार्यशाला में, छत पर, नाव पर, पुस्तकालय में, हवाई अड्डे पर, दंत चिकित्सक के यहाँ, तरणताल में,
      हिमालय में, लखनऊ में, पुल के नीचे, संग्रहालय में, गाँव में`),
    times: list(`
      कल, मंगलवार को, दो हफ़्ते पहले, मार्च में, पिछली गर्मी में, आज सुबह, दिवाली पर, परीक्षा के बाद,
      शाम को, सर्दी में`),
    tell: ({ who, verb, object, place, time }) => `${time} ${who} ने ${place} ${object} ${verb}।`,
    ask: ({ who, verb, object }) => `${who} ने ${object} कहाँ ${verb}?`,
    // Without dots below, and nasals as dots above.
    otherwise: (text) =>
      text
        .normalize('NFD')
        .replace(/\u093c/g, '')
        .replace(/ँ/g, 'ं')
        .replace(/न्(?=द)|म्(?=ब)/g, 'ं'),
  },
  {
    name: 'Japanese',
    people: list(
      '田中さん, さくら, ケンジ, 美咲ちゃん, 山本先生, アレックス, 祖母, 弟のタケシ, 鈴木部長, ミドリ',
    ),
    deeds: deeds(`
      買いました | 緑のスーツケース, 修理しました | 古い自転車, 焼きました | りんごのケーキ,
      なくしました | 銀色の鍵, 読みました | 野鳥の図鑑, 描きました | 雪景色の絵, 植えました | バラの苗木,
      売りました | 壊れたタンス, 見つけました | ローマの硬貨, 歌いました | クリスマスの歌,
      書きました | 祖父への手紙, 塗りました | 木の塀, 測りました | 灯台の高さ, 育てました | コウノトリの雛,
      勝ち取りました | 将棋の優勝杯, 編みました | 毛糸の靴下, 撮影しました | 夕焼け空,
      注文しました | そば粉のクレープ, 割りました | 磁器の花瓶, 聴きました | オーボエ協奏曲`),
    places: list(`
      駅前, お城, 市場, 札幌, 教会の裏, 湖のほとり, 庭, パン屋, ガレージ, 屋根裏部屋, フェリー, 図書館,
      空港, 歯医者, プール, 海岸, ウィーン, 橋の下, 博物館, 高原`),
    times: list(`
      昨日, 火曜日に, 二週間前に, 三月に, 去年の夏, 今朝, 正月に, 試験の後で, 夕方, 冬休みに`),
    tell: ({ who, verb, object, place, time }) => `${time}、${who}は${place}で${object}を${verb}。`,
    ask: ({ who, verb, object }) => `${who}はどこで${object}を${verb}か？`,
    otherwise: halfWidth,
  },
  {
    name: 'Chinese',
    people: list('小明, 王芳, 李老师, 外婆, 张医生, 陈晓东, 邻居老赵, 丽丽, 表哥, 刘经理'),
    deeds: deeds(`
      买 | 绿色行李箱, 修好 | 旧自行车, 烤 | 苹果蛋糕, 弄丢 | 银钥匙, 读完 | 鸟类图鉴, 画 | 雪山风景,
      种 | 三棵玫瑰, 卖掉 | 坏衣柜, 发现 | 罗马硬币, 唱 | 圣诞歌曲, 寄 | 给爷爷的信, 刷 | 木栅栏,
      量 | 灯塔高度, 喂 | 饥饿的白鹳, 赢得 | 象棋奖杯, 织 | 羊毛袜子, 拍摄 | 海上日落, 点 | 荞麦煎饼,
      打碎 | 瓷花瓶, 听 | 双簧管音乐会`),
    places: list(`
      火车站, 城堡, 菜市场, 杭州, 教堂后面, 湖边, 花园, 面包店, 修车铺, 阁楼, 轮渡上, 图书馆, 飞机场,
      牙科诊所, 游泳池, 青藏高原, 维也纳, 大桥下, 博物馆, 山村`),
    times: list('昨天, 星期二, 两周前, 三月份, 去年夏天, 今天早上, 春节, 考试之后, 傍晚, 冬天'),
    tell: ({ who, verb, object, place, time }) => `${time}${who}在${place}${verb}了${object}。`,
    ask: ({ who, verb, object }) => `${who}在哪里${verb}了${object}？`,
    // The name last, and all in one run.
    otherwise: (text) => text.replace(' ', ''),
  },
  {
    name: 'Korean',
    people: list('지우, 민아, 철수, 할머니, 현수, 수지, 윤호, 영희, 은지, 태오'),
    deeds: deeds(`
      샀다 | 초록색 가방, 고쳤다 | 낡은 자전거, 구웠다 | 사과 케이크, 잃어버렸다 | 은색 열쇠,
      읽었다 | 새에 관한 책, 그렸다 | 눈 덮인 숲, 심었다 | 장미 세 그루, 팔았다 | 고장난 세탁기,
      찾았다 | 로마 동전, 불렀다 | 즐거운 노래, 썼다 | 할아버지께 편지, 칠했다 | 나무 울타리,
      쟀다 | 등대 높이, 먹였다 | 배고픈 황새, 땄다 | 장기 우승컵, 떴다 | 털실 양말, 찍었다 | 바다 노을,
      시켰다 | 메밀 부침개, 깨뜨렸다 | 도자기 꽃병, 들었다 | 오보에 연주`),
    places: list(`
      기차역에서, 고궁에서, 시장에서, 부산에서, 교회 뒤에서, 호숫가에서, 정원에서, 빵집에서, 작업실에서,
      다락방에서, 여객선에서, 도서관에서, 공항에서, 치과에서, 수영장에서, 제주도에서, 비엔나에서,
      다리 밑에서, 박물관에서, 산골에서`),
    times: list(`
      어제, 화요일에, 이 주 전에, 삼월에, 지난여름에, 오늘 아침, 설날에, 시험이 끝나고, 저녁에, 겨울에`),
    tell: ({ who, verb, object, place, time }) => `${time} ${who}는 ${place} ${object}를 ${verb}.`,
    ask: ({ who, verb, object }) => `${who}는 어디에서 ${object}를 ${verb}?`,
    otherwise: (text) => text.normalize('NFD'),
  },
];
