/** What the shop's texts are made of. */
export const things = [
  'Camiseta', 'Funda', 'Café', 'Taza', 'Mochila', 'Zapatilla', 'Lámpara', 'Cargador', 'Reloj', 'Gorra', 'Cuaderno', 'Botella', 'Auricular', 'Pantalón',
  'Chaqueta', 'Jabón', 'Vela', 'Cojín', 'Teclado', 'Bolígrafo', 'Bufanda', 'Sartén', 'Juego de sábanas', 'Champú', 'Cámara', 'Bicicleta plegable',
];

export const qualities = ['básica', 'clásica', 'de algodón', 'orgánica', 'Pro', 'Mini', 'edición 2026', 'para niños', 'de viaje', 'impermeable', '2 en 1', 'premium'];

export const colours = ['Azul', 'Rojo', 'Verde', 'Negro', 'Blanco', 'Marrón', 'Añil', 'Gris', 'Único'];

export const brands = ['Andes', 'Brío', 'Casa Luz', "L'Été", 'Ñandú', 'Nórdica', 'Peña & Hijos', 'Río', 'Sol, S.A.', 'Terra', 'Über', '(not set)'];

/** Names that break a parser which splits at every comma, brace, quote or equals sign. */
export const strangeNames = [
  'Funda, 64 GB', 'Café {edición} a=b', 'Monitor 27" curvo', ' Taza con espacios ', "Men's 100% Cotton Tee", 'Juego {2} piezas, rojo={sí}', 'Cable [USB-C], 2 m',
  'Té, azúcar, limón', 'Póster "Año 1=Uno"', 'Caja a=b, c=d', 'Pack }{ sorpresa', 'Disco C:\\datos', 'Taza ☕ fiesta', 'Libro: value={null}, key=x',
];

/** Category paths, to be cut at any level. */
export const departments: readonly (readonly string[])[] = [
  ['Ropa', 'Ropa/Hombre', 'Camisetas', 'Manga corta', 'Algodón'],
  ['Ropa', 'Ropa/Mujer', 'Chaquetas', 'Invierno', 'Lana'],
  ['Hogar', 'Cocina, mesa', 'Tazas', 'Cerámica', 'Hecho a mano'],
  ['Electrónica', 'Móviles', 'Fundas', '64 GB', 'Silicona'],
  ['Electrónica', 'Audio', 'Auriculares', 'Inalámbricos', 'Con cancelación'],
  ['Deporte', 'Ciclismo', 'Bicicletas', 'Plegables', '20 pulgadas'],
  ['Home/Apparel/Kids/', 'Niños', 'Pijamas', '2-4 años', 'Verano'],
];

/** Id and name of each list, the most popular first; ids may look like numbers, one of the two may be missing. */
export const lists: readonly (readonly [string | null, string | null])[] = [
  ['home_best_sellers', 'Más vendidos'],
  ['search', 'Resultados de búsqueda'],
  ['1024', 'Ofertas, hasta 50%'],
  ['category_clothes', 'Ropa'],
  ['home_new', 'Novedades'],
  [null, 'Recién vistos'],
  ['90071992547409931', 'Electrónica {móvil}'],
  ['wishlist', null],
  ['brand_andes', 'Marca = Andes'],
  ['gift_ideas', 'Ideas "regalo"'],
];

export const related: readonly (readonly [string, string])[] = [
  ['related_products', 'Productos relacionados'],
  ['also_bought', 'También compraron'],
];

export const coupons = ['BIENVENIDA10', 'VERANO, 10', 'APP-10'];
export const affiliations = ['App', 'Tienda Centro'];
