/** Names on the map. `from` is the zoom from which a name is shown, so that names do not run into each other. */
export interface Place {
  readonly en: string;
  readonly ko: string;
  readonly lat: number;
  readonly lon: number;
  readonly from: number;
  readonly kind: 'capital' | 'city' | 'town' | 'sea' | 'island';
}

type Row = readonly [en: string, ko: string, lat: number, lon: number, from: number, kind: Place['kind']];

const rows: readonly Row[] = [
  ['Seoul', '서울', 37.566, 126.978, 4, 'capital'],
  ['Busan', '부산', 35.18, 129.075, 5, 'city'],
  ['Jeju', '제주', 33.499, 126.531, 5, 'city'],
  ['Daegu', '대구', 35.872, 128.602, 7, 'city'],
  ['Daejeon', '대전', 36.351, 127.385, 7, 'city'],
  ['Gwangju', '광주', 35.16, 126.853, 7, 'city'],
  ['Incheon', '인천', 37.456, 126.705, 8, 'city'],
  ['Ulsan', '울산', 35.539, 129.311, 8, 'city'],
  ['Gangneung', '강릉', 37.752, 128.876, 7, 'town'],
  ['Pohang', '포항', 36.019, 129.343, 8, 'town'],
  ['Mokpo', '목포', 34.812, 126.392, 7, 'town'],
  ['Yeosu', '여수', 34.76, 127.662, 8, 'town'],
  ['Jeonju', '전주', 35.824, 127.148, 8, 'town'],
  ['Cheongju', '청주', 36.642, 127.489, 8, 'town'],
  ['Suwon', '수원', 37.263, 127.029, 9, 'city'],
  ['Chuncheon', '춘천', 37.881, 127.73, 8, 'town'],
  ['Wonju', '원주', 37.342, 127.92, 8, 'town'],
  ['Sokcho', '속초', 38.207, 128.592, 8, 'town'],
  ['Changwon', '창원', 35.228, 128.681, 8, 'town'],
  ['Gunsan', '군산', 35.968, 126.737, 9, 'town'],
  ['Andong', '안동', 36.568, 128.73, 8, 'town'],
  ['Jinju', '진주', 35.18, 128.108, 9, 'town'],
  ['Tongyeong', '통영', 34.854, 128.433, 9, 'town'],
  ['Gimpo', '김포', 37.615, 126.716, 10, 'town'],
  ['Seongnam', '성남', 37.42, 127.127, 10, 'town'],
  ['Goyang', '고양', 37.658, 126.832, 10, 'town'],
  ['Pyeongtaek', '평택', 36.992, 127.113, 9, 'town'],
  ['Cheonan', '천안', 36.815, 127.114, 9, 'town'],
  ['Seosan', '서산', 36.785, 126.45, 9, 'town'],
  ['Suncheon', '순천', 34.951, 127.487, 10, 'town'],
  ['Gyeongju', '경주', 35.856, 129.225, 9, 'town'],
  ['Seogwipo', '서귀포', 33.254, 126.56, 8, 'town'],
  ['Ulleungdo', '울릉도', 37.49, 130.86, 6, 'island'],
  ['Dokdo', '독도', 37.241, 131.867, 7, 'island'],
  ['Pyongyang', '평양', 39.02, 125.754, 5, 'capital'],
  ['Hamhung', '함흥', 39.918, 127.535, 7, 'town'],
  ['Tokyo', '도쿄', 35.68, 139.77, 4, 'capital'],
  ['Osaka', '오사카', 34.694, 135.502, 6, 'city'],
  ['Fukuoka', '후쿠오카', 33.59, 130.402, 6, 'city'],
  ['Hiroshima', '히로시마', 34.385, 132.455, 7, 'town'],
  ['Nagoya', '나고야', 35.181, 136.906, 7, 'city'],
  ['Sapporo', '삿포로', 43.062, 141.354, 5, 'city'],
  ['Sendai', '센다이', 38.268, 140.869, 6, 'city'],
  ['Beijing', '베이징', 39.904, 116.407, 4, 'capital'],
  ['Shanghai', '상하이', 31.23, 121.474, 4, 'city'],
  ['Qingdao', '칭다오', 36.067, 120.383, 6, 'city'],
  ['Dalian', '다롄', 38.914, 121.615, 6, 'city'],
  ['Shenyang', '선양', 41.806, 123.431, 6, 'city'],
  ['Vladivostok', '블라디보스토크', 43.115, 131.886, 5, 'city'],
  ['Taipei', '타이베이', 25.033, 121.565, 4, 'capital'],
  ['Hong Kong', '홍콩', 22.302, 114.177, 5, 'city'],
  ['East Sea', '동해', 38.7, 131.6, 5, 'sea'],
  ['Yellow Sea', '황해', 35.6, 123.6, 5, 'sea'],
  ['Korea Strait', '대한해협', 34.35, 129.45, 8, 'sea'],
  ['Jeju Strait', '제주해협', 33.85, 126.75, 8, 'sea'],
  ['East China Sea', '동중국해', 30.4, 125.4, 5, 'sea'],
];

export const places: readonly Place[] = rows.map(([en, ko, lat, lon, from, kind]) => ({ en, ko, lat, lon, from, kind }));
